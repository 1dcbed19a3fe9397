# SPDX-License-Identifier: Apache-2.0
"""Tables of the documentation for curves along the SNR and other axes."""

import json
import math

import make_results
import numpy as np
import pytest
from result_tables import curves_table, three_digits
from scipy import stats

from sionna_semcom.simulation import Curve, Metric, Result
from sionna_semcom.simulation.results.curves import Estimate


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


def test_snrs_are_columns():
    curves = {"a": Curve(np.array([0.0, math.inf]), _metrics(2), {"tti": 8.0})}
    along, fixed = curves_table(curves, ["mse", "summary:tti"]).split("\n\n")
    assert _rows(along) == [
        ["MSE", "0 dB", "noiseless"],
        ["---", "---", "---"],
        ["a", "1.00 ± 0.10", "2.00 ± 0.10"],
    ]
    assert _rows(fixed) == [["Curve", "TTI [reals]"], ["---", "---"], ["a", "8"]]


def test_metrics_at_one_snr_are_columns():
    curves = {"a": Curve(np.array([0.0]), _metrics(1), {"tti": 8.0})}
    rows = _rows(curves_table(curves, ["mse", "summary:tti"]))
    assert rows == [["Curve", "MSE", "TTI [reals]"], ["---"] * 3, ["a", "1.00 ± 0.10", "8"]]


def test_points_along_another_axis_are_rows():
    rows = _rows(curves_table(CURVES, ["mse", "summary:flops", "summary:tti"]))
    assert rows[0] == ["Curve", "Symbols", "MSE", "FLOPs", "TTI [reals]"]
    assert rows[2:] == [
        ["a", "4", "1.00 ± 0.10", "1,000", "8"],
        ["a", "8", "2.00 ± 0.10", "", "8"],
        ["b", "8", "1.00 ± 0.10", "2,000", "8"],
    ]


def test_chosen_points_along_another_axis_are_columns():
    tables = curves_table(CURVES, ["mse", "summary:flops", "summary:tti"], [4.0, 8.0])
    mse, flops, fixed = (_rows(one) for one in tables.split("\n\n"))
    assert mse[0] == ["MSE", "symbols 4", "symbols 8"]
    assert mse[2:] == [["a", "1.00 ± 0.10", "2.00 ± 0.10"], ["b", "", "1.00 ± 0.10"]]
    assert flops[2:] == [["a", "1,000", ""], ["b", "", "2,000"]]
    assert fixed[2:] == [["a", "8"], ["b", "8"]]


@pytest.mark.parametrize(
    ("mean", "half_width", "text"),
    [
        (0.03314, 0.00068, "0.0331 ± 0.0007"),
        (0.9632, 0.0065, "0.963 ± 0.006"),
        (1.0, 0.001, "1.00 ± 0.001"),
        (12345.6, 12.0, "12346 ± 12"),
        (0.0, 0.0, "0.00 ± 0"),
        (-0.0021, 0.0534, "-0.0021 ± 0.0534"),
        (0.5, math.nan, "0.5"),
        (math.nan, math.nan, ""),
    ],
)
def test_means_have_three_digits(mean, half_width, text):
    estimate = Estimate(mean, mean - half_width, mean + half_width, 5)
    assert three_digits(estimate) == text


def test_a_point_that_no_curve_has_is_named():
    with pytest.raises(ValueError, match="No curve has a point at 5"):
        curves_table(CURVES, ["mse"], [5.0])


def test_intervals_of_tables_end_at_the_range_of_the_metric(tmp_path, monkeypatch):
    """Stored intervals of older versions may exceed it. Differences have another range."""
    curves = {}
    for label, seeds in {"a": [[1.0], [0.0], [0.8]], "b": [[0.0], [0.9], [0.3]]}.items():
        f1 = Metric(np.full(1, 0.6), np.full(1, -0.3), np.full(1, 1.5), np.full(1, 9), False, seeds)
        curves[label] = Curve(np.zeros(1), {"f1": f1, "gain": f1})
    (tmp_path / "results").mkdir()
    Result(curves).save(tmp_path / "results" / "x.h5")
    monkeypatch.setattr(make_results, "FOLDER", tmp_path)
    rows = _rows(make_results.table("x.h5 snr=0 f1 gain | a"))
    assert rows[2:] == [["a", "0.600 ± 0.600", "0.600 ± 0.900"]]
    rows = _rows(make_results.differences("x.h5 snr=0 f1 | a - b"))
    half_width = stats.t.ppf(0.975, 2) * np.std([1.0, -0.9, 0.5], ddof=1) / 3**0.5
    assert rows[2:] == [["a less b", f"0.20 ± {half_width:.2f}"]]


def test_differences_are_paired_over_the_seeds(tmp_path, monkeypatch):
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
        ["MSE", "0 dB", "10 dB"],
        ["---", "---", "---"],
        ["joint, LS less CDL-C, LS", "0.110 ± 0.025", "0.200 ± 0.248"],
        ["CDL-C, LS less joint, LS", "-0.110 ± 0.025", "-0.200 ± 0.248"],
    ]


def test_rows_of_a_json_file(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    figures = {"a, 0.5": {"6_dB": {"mae": 0.25}, "mean": 1.0}, "b": {"mean": 0.0}}
    (tmp_path / "results" / "one.json").write_text(json.dumps(figures))
    monkeypatch.setattr(make_results, "FOLDER", tmp_path)
    page = make_results.fill("<!-- rows one.json 6_dB.mae mean -->\nold\n<!-- end -->\n")
    assert _rows(page)[1:-1] == [
        ["", "6 dB, mae", "mean"],
        ["---", "---", "---"],
        ["a, 0.5", "0.250", "1.000"],
        ["b", "", "0.000"],
    ]
