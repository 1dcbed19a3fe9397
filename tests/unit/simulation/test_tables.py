# SPDX-License-Identifier: Apache-2.0
import io
import math

import numpy as np
import pytest
from rich.console import Console

from sionna_semcom.simulation import Curve, Metric
from sionna_semcom.simulation.tables import result_tables


def _curves(num_curves, snr_db):
    snrs = np.array(snr_db, float)
    mean = np.arange(1.0, snrs.size + 1)
    metric = Metric(mean, mean - 0.01, mean + 0.01, np.full(snrs.size, 5))
    return {
        f"curve {index}": Curve(snrs, {"image_psnr": metric}, {"channel_uses": 8.0 + index})
        for index in range(num_curves)
    }


def _text(curves, **options):
    console = Console(file=io.StringIO(), width=80)
    for table in result_tables(curves, **options):
        console.print(table)
    return console.file.getvalue()


def _rows(text):
    return [line.split() for line in text.splitlines()]


def test_snrs_go_down_and_curves_across():
    text = _text(_curves(2, [0, 10, math.inf]))
    assert "Image PSNR [dB]" in text
    rows = _rows(text)
    assert ["0", "dB", *["1.000", "±", "0.010"] * 2] in rows
    assert ["noiseless", *["3.000", "±", "0.010"] * 2] in rows
    assert ["Channel", "uses", "8", "9"] in rows


def test_many_curves_go_down():
    assert ["curve", "3", "1.000", "±", "0.010"] in _rows(_text(_curves(9, [math.inf])))


def test_many_columns_are_split_to_fit():
    text = _text(_curves(6, range(-10, 21, 5)))
    assert text.count("Image PSNR [dB]") == 2
    assert max(map(len, text.splitlines())) <= 80


def test_curves_of_different_snrs_leave_gaps():
    curves = {**_curves(1, [0, 10]), "other": _curves(1, [10])["curve 0"]}
    rows = _rows(_text(curves))
    assert ["0", "dB", "1.000", "±", "0.010"] in rows
    assert ["10", "dB", "2.000", "±", "0.010", "1.000", "±", "0.010"] in rows


def test_a_metric_that_no_curve_has():
    with pytest.raises(ValueError, match="no metric 'mse', only image_psnr"):
        _text(_curves(1, [0]), metrics=["mse"])
