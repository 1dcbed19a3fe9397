# SPDX-License-Identifier: Apache-2.0
"""Tables for the documentation, from curves along the SNR and along other axes."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from sionna_semcom.simulation import Curve, Metric, Result

SCRIPT = Path(__file__).parents[3] / "docs" / "make_results.py"


@pytest.fixture(scope="module")
def make_results():
    spec = importlib.util.spec_from_file_location("make_results", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def curves_table(make_results):
    return make_results.curves_table


def _metrics(num_points):
    mean = np.arange(1.0, num_points + 1)
    return {"mse": Metric(mean, mean - 0.1, mean + 0.1, np.full(num_points, 5))}


def _along(x, flops):
    snr_db = np.full(len(x), 10.0)
    by_point = {"flops": np.array(flops)}
    return Curve(snr_db, _metrics(len(x)), {"tti": 8.0}, "num_symbols", np.array(x), by_point)


CURVES = {"a": _along([4.0, 8.0], [1e3, math.nan]), "b": _along([8.0], [2e3])}


def _rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


def test_snrs_are_columns(curves_table):
    curves = {"a": Curve(np.array([0.0, math.inf]), _metrics(2), {"tti": 8.0})}
    head, _, row = _rows(curves_table(curves, ["mse", "summary:tti"]))
    assert head == ["curve", "mse, 0 dB", "mse, noiseless", "tti"]
    assert row == ["a", "1.00 ± 0.10", "2.00 ± 0.10", "8"]


def test_points_along_another_axis_are_rows(curves_table):
    rows = _rows(curves_table(CURVES, ["mse", "summary:flops", "summary:tti"]))
    assert rows[0] == ["curve", "num symbols", "mse", "flops", "tti"]
    assert rows[2:] == [
        ["a", "4", "1.00 ± 0.10", "1000", "8"],
        ["a", "8", "2.00 ± 0.10", "", "8"],
        ["b", "8", "1.00 ± 0.10", "2000", "8"],
    ]


def test_chosen_points_along_another_axis_are_columns(curves_table):
    rows = _rows(curves_table(CURVES, ["mse", "summary:flops", "summary:tti"], [4.0, 8.0]))
    heads = ["mse, num symbols 4", "mse, num symbols 8"]
    assert rows[0] == ["curve", *heads, "flops, num symbols 4", "flops, num symbols 8", "tti"]
    assert rows[2:] == [
        ["a", "1.00 ± 0.10", "2.00 ± 0.10", "1000", "", "8"],
        ["b", "", "1.00 ± 0.10", "", "2000", "8"],
    ]


def test_a_point_that_no_curve_has_is_named(curves_table):
    with pytest.raises(ValueError, match="No curve has a point at 5"):
        curves_table(CURVES, ["mse"], [5.0])


def test_differences_are_paired_over_the_seeds(make_results, tmp_path, monkeypatch):
    snrs, seeds = np.array([0.0, 10.0]), np.array([[1.0, 2.0], [3.0, 7.0], [8.0, 9.0]])
    gain = np.array([[0.10, 0.2], [0.12, 0.3], [0.11, 0.1]])

    def curve(per_seed):
        mean = per_seed.mean(0)
        metric = Metric(mean, mean, mean, np.full(2, 10), per_seed=per_seed)
        return Curve(snrs, {"mse": metric})

    result = Result({"joint, LS": curve(seeds), "CDL-C, LS": curve(seeds - gain)})
    (tmp_path / "results").mkdir()
    result.save(tmp_path / "results/x.h5")
    monkeypatch.setattr(make_results, "FOLDER", tmp_path)
    request = "x.h5 snr=0,10 mse | joint, LS - CDL-C, LS | CDL-C, LS - joint, LS"
    page = make_results.fill(f"<!-- differences {request} -->\nold\n<!-- end -->\n")
    assert _rows(page)[1:-1] == [
        ["curve", "mse, 0 dB", "mse, 10 dB"],
        ["---", "---", "---"],
        ["joint, LS less CDL-C, LS", "0.110 ± 0.025", "0.20 ± 0.25"],
        ["CDL-C, LS less joint, LS", "-0.110 ± 0.025", "-0.20 ± 0.25"],
    ]
