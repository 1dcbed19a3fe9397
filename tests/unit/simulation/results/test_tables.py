# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="attr-defined"
import io
import math

import numpy as np
import pytest
from rich.console import Console

from sionna_semcom.simulation import Curve, Metric
from sionna_semcom.simulation.results.tables import result_tables


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


def _along(x, **figures):
    mean = np.arange(1.0, len(x) + 1)
    metric = Metric(mean, mean - 0.01, mean + 0.01, np.full(len(x), 5))
    by_point = {name: np.array(values) for name, values in figures.items()}
    snrs = np.full(len(x), 10.0)
    return Curve(snrs, {"accuracy": metric}, {"tti": 8.0}, "num_symbols", np.array(x), by_point)


def test_points_along_another_axis_go_down():
    curves = {"a": _along([4.0, 8.0], flops=[1e6, math.nan]), "b": _along([8.0])}
    text = _text(curves)
    rows = _rows(text)
    assert "Accuracy against symbols, 10 dB" in text
    assert ["4", "1.000", "±", "0.010"] in rows
    assert ["8", "2.000", "±", "0.010", "1.000", "±", "0.010"] in rows
    assert ["4", "1e+06"] in rows
    assert ["8"] in rows
    assert ["TTI", "[reals]", "8", "8"] in rows


def test_points_at_the_same_place_are_all_shown():
    assert "1.000 ± 0.010; 2.000 ± 0.010" in _text({"a": _along([4.0, 4.0])})


def test_each_axis_has_tables_of_its_own():
    text = _text({**_curves(1, [0, 10]), "a": _along([4.0, 8.0])})
    for title in ("Image PSNR [dB]", "Accuracy against symbols, 10 dB", "Independent of the SNR"):
        assert " ".join(text.split()).count(title) == 1
    assert ["0", "dB", "1.000", "±", "0.010"] in _rows(text)


def test_a_metric_that_no_curve_has():
    with pytest.raises(ValueError, match="no metric 'mse', only image_psnr"):
        _text(_curves(1, [0]), metrics=["mse"])
