# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="assignment"
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from sionna_semcom.simulation import Curve, Estimate, Metric, Result
from sionna_semcom.simulation.results.intervals import student

RESULTS = Path(__file__).parents[4] / "docs/results"


def _metric(num_snrs, **options):
    values = np.arange(num_snrs, dtype=float)
    return Metric(values, values - 0.5, values + 0.25, np.full(num_snrs, 100), **options)


def _result(labels=("a",)):
    curves = {
        label: Curve(
            np.array([-5.0, math.inf]),
            {"z_mse": _metric(2), "accuracy": _metric(2, proportion=True)},
            {"tti": 16.0, "recall/a_to_b": 1.0, "channel_uses": 12.5},
        )
        for label in labels
    }
    return Result(curves, "Title", {"snr_db": [0, math.inf]}, 7, {"numpy": "2"}, {"mnist": "ab"})


@pytest.mark.parametrize("labels", [("only",), ("z first", "a second")])
def test_a_result_comes_back_from_its_file(tmp_path, labels):
    saved = _result(labels)
    saved.save(tmp_path / "r.h5")
    loaded = Result.load(tmp_path / "r.h5")
    assert list(loaded.curves) == list(labels)
    assert loaded.metrics == ["z_mse", "accuracy"]
    assert (loaded.title, loaded.seed, loaded.checksums) == ("Title", 7, {"mnist": "ab"})
    for label in labels:
        found, wanted = loaded.curves[label], saved.curves[label]
        np.testing.assert_array_equal(found.snr_db, wanted.snr_db)
        assert list(found.summary.items()) == list(wanted.summary.items())
        for name in wanted.metrics:
            assert list(found.metrics[name]) == list(wanted.metrics[name])


@pytest.mark.parametrize("threads", [None, 2])
def test_the_number_of_threads_comes_back_where_it_is_known(tmp_path, threads):
    replace(_result(), threads=threads).save(tmp_path / "r.h5")
    assert Result.load(tmp_path / "r.h5").threads == threads


def test_a_number_of_threads_that_is_none_is_refused(tmp_path):
    _result().save(tmp_path / "r.h5")
    with h5py.File(tmp_path / "r.h5", "a") as file:
        file.attrs["threads"] = "many"
    with pytest.raises(ValueError, match="`threads` must be an integer"):
        Result.load(tmp_path / "r.h5")


def test_layout_of_the_file(tmp_path):
    _result().save(tmp_path / "one.h5")
    _result(("a", "b")).save(tmp_path / "two.h5")
    with h5py.File(tmp_path / "one.h5") as one, h5py.File(tmp_path / "two.h5") as two:
        for root in (one, two["curves/a"], two["curves/b"]):
            assert root["snr_db"].shape == (2,)
            assert set(root["metrics/z_mse"]) == {"mean", "ci_low", "ci_high", "count"}
            assert root["summary/tti"][()] == 16.0
        assert json.loads(one.attrs["settings"]) == {"snr_db": [0, "Infinity"]}
        assert one.attrs["seed"] == 7
        assert json.loads(one.attrs["versions"]) == {"numpy": "2"}


def _along(axis="compression_factor"):
    return Curve(
        np.array([10.0, 10.0]),
        {"accuracy": _metric(2, proportion=True)},
        {"num_classes": 10.0},
        axis,
        np.array([0.05, 0.5]),
        {"z_uses": np.array([8.0, 80.0]), "flops": np.array([1e6, math.nan])},
    )


def test_a_curve_is_along_the_snr_unless_it_says_otherwise():
    curve = _result().curve
    assert curve.axis == "snr_db"
    assert curve.x is curve.snr_db
    with pytest.raises(ValueError, match="along 'flops' needs `x`"):
        Curve(np.zeros(1), {}, axis="flops")


@pytest.mark.parametrize("labels", [("only",), ("a", "b")])
def test_a_curve_along_another_axis_comes_back_from_its_file(tmp_path, labels):
    saved = _along()
    Result(dict.fromkeys(labels, saved)).save(tmp_path / "r.h5")
    loaded = Result.load(tmp_path / "r.h5").curves[labels[-1]]
    assert loaded.axis == "compression_factor"
    np.testing.assert_array_equal(loaded.x, saved.x)
    np.testing.assert_array_equal(loaded.snr_db, saved.snr_db)
    assert dict(loaded.summary) == {"num_classes": 10.0}
    assert list(loaded.point_summaries) == ["z_uses", "flops"]
    for name, values in saved.point_summaries.items():
        np.testing.assert_array_equal(loaded.point_summaries[name], values)


def test_only_another_axis_adds_to_the_layout(tmp_path):
    _result().save(tmp_path / "snr.h5")
    Result({"a": _along()}).save(tmp_path / "x.h5")
    with h5py.File(tmp_path / "snr.h5") as snr, h5py.File(tmp_path / "x.h5") as along:
        assert set(snr) == {"snr_db", "metrics", "summary"}
        assert set(along) - set(snr) == {"x", "point_summary"}
        assert along["x"].attrs["axis"] == "compression_factor"
        assert set(along["point_summary"]) == {"z_uses", "flops"}


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.h5")), ids=lambda path: path.stem)
def test_results_in_the_documentation_load_and_save_as_they_are(tmp_path, path):
    Result.load(path).save(tmp_path / path.name)
    with h5py.File(path) as before, h5py.File(tmp_path / path.name) as after:
        assert _contents(after) == _contents(before)


def _contents(file):
    """All paths of a file with their attributes and values, as bytes."""
    found = {"/": {name: np.asarray(value).tobytes() for name, value in file.attrs.items()}}

    def visit(name, item):
        values = item[()].tobytes() if isinstance(item, h5py.Dataset) else b""
        found[name] = (str(dict(item.attrs)), values)

    file.visititems(visit)
    return found


def test_equal_results_are_equal_files_whenever_they_are_written(tmp_path):
    _result(("a", "b")).save(tmp_path / "a.h5")
    time.sleep(1.1)  # HDF5 counts seconds
    _result(("a", "b")).save(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_a_slash_in_a_label_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"not contain a slash\. Received: '1/3 rate'"):
        _result(("1/3 rate", "b")).save(tmp_path / "r.h5")
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No result file .*none\.h5"):
        Result.load(tmp_path / "none.h5")


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.98])
def test_a_truncated_file_is_named(tmp_path, kept):
    path = tmp_path / "r.h5"
    _result(("a", "b")).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=r"r\.h5` is damaged or not a result file"):
        Result.load(path)


def test_another_hdf5_file_is_no_result(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ValueError, match=r"other\.h5` is damaged or not a result file"):
        Result.load(tmp_path / "other.h5")


def test_one_seed_keeps_the_monte_carlo_interval():
    estimate = Estimate(0.5, 0.4, 0.7, 10)
    metric = Metric.from_estimates([[estimate]])
    assert list(metric) == [estimate]
    assert metric.per_seed is None
    assert estimate.half_width == pytest.approx(0.2)


def test_several_seeds_give_students_interval_over_them():
    means = [0.95, 0.99, 1.0]
    metric = Metric.from_estimates([[Estimate(m, m - 0.01, m, 10, True)] for m in means])
    _, low, _ = student(means, 1.0)
    (estimate,) = metric
    assert estimate.mean == pytest.approx(np.mean(means))
    assert estimate.ci_low == pytest.approx(float(low))
    assert estimate.ci_high == 1.0  # a proportion
    assert estimate.count == 30
    np.testing.assert_array_equal(metric.per_seed, np.array(means)[:, None])


def test_a_proportion_that_all_seeds_share_keeps_an_interval():
    lows = [0.98, 0.97, 0.99]
    metric = Metric.from_estimates([[Estimate(1.0, low, 1.0, 10, True)] for low in lows])
    assert list(metric) == [Estimate(1.0, 0.97, 1.0, 30, True)]


def test_the_only_curve_must_be_the_only_one():
    assert _result().curve.summary["tti"] == 16.0
    with pytest.raises(ValueError, match="several curves: a, b"):
        _result(("a", "b")).curve  # noqa: B018


def _damage(file, name, value):
    """Replace or remove an attribute ``group@name``, or a dataset."""
    group, _, attribute = name.partition("@")
    if attribute:
        del file[group].attrs[attribute]
    elif name in file:
        del file[name]
    if value is not None and attribute:
        file[group].attrs[attribute] = value
    elif value is not None:
        file[name] = value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("snr_db", np.zeros(3)),
        ("snr_db", np.array([0.0, math.nan])),
        ("snr_db", np.array([])),
        ("snr_db", np.zeros((2, 1))),
        ("snr_db", "zero"),
        ("metrics/z_mse/mean", np.zeros(3)),
        ("metrics/z_mse/mean", np.zeros(2, complex)),
        ("metrics/z_mse/mean", 1.0),
        ("metrics/z_mse/ci_low", None),
        ("metrics/z_mse/count", np.array(["a", "b"], "S1")),
        ("metrics/z_mse/count", np.array([1.0, math.nan])),
        ("metrics/z_mse/per_seed", np.zeros(2)),
        ("metrics/z_mse/per_seed", np.zeros((2, 3))),
        ("metrics/z_mse/per_seed", np.zeros((0, 2))),
        ("metrics/z_mse", 1.0),
        ("metrics/z_mse@proportion", "no"),
        ("metrics/z_mse@proportion", None),
        ("metrics@order", 3),
        ("metrics@order", "z_mse"),
        ("metrics@order", [["z_mse"]]),
        ("metrics@order", ["mse"]),
        ("summary/tti", "many"),
        ("summary/tti", np.zeros(2)),
        ("/@title", 3),
        ("/@title", b"\xff"),
        ("/@title", "\x1b[31m"),
        ("/@seed", "seven"),
        ("/@seed", 7.5),
        ("/@seed", [7, 8]),
        ("/@label", 1),
        ("/@label", "a/b"),
        ("/@label", h5py.Empty("S1")),
        ("/@settings", "[" * 50_000),
        ("/@settings", "[1]"),
        ("/@settings", "{"),
        ("/@versions", '{"numpy": 2}'),
        ("/@checksums", 3),
    ],
)
def test_whatever_is_damaged_in_a_file_is_one_line(tmp_path, name, value):
    path = tmp_path / "r.h5"
    _result().save(path)
    with h5py.File(path, "r+") as file:
        _damage(file, name, value)
    with pytest.raises(ValueError, match=r"r\.h5` is damaged or not a result file: .") as caught:
        Result.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("kind", [np.longdouble, ">f4", np.float16])
def test_numbers_are_read_in_double_precision(tmp_path, kind):
    path = tmp_path / "r.h5"
    _result().save(path)
    with h5py.File(path, "r+") as file:
        _damage(file, "metrics/z_mse/mean", np.array([0.5, 2.0], kind))
    mean = Result.load(path).curve.metrics["z_mse"].mean
    assert mean.dtype == np.dtype(float)
    assert mean.tolist() == [0.5, 2.0]


def test_curves_have_a_value_for_each_point():
    for metric in (_metric(3), _metric(2, per_seed=np.zeros((2, 3)))):
        with pytest.raises(ValueError, match=r"of mse must have the shape .* which has 2"):
            Curve(np.zeros(2), {"mse": metric})
    with pytest.raises(ValueError, match="`x` must contain numbers"):
        Curve(np.zeros(1), {}, {}, "tti", np.array([math.nan]))


@pytest.mark.parametrize("label", [".", "..", "a\0b", "\ud800", "\x1b[31m"])
def test_labels_that_a_file_cannot_hold_are_refused(tmp_path, label):
    with pytest.raises(ValueError, match=r"A curve.s label must not (contain|consist)"):
        _result((label,)).save(tmp_path / "r.h5")
    assert not list(tmp_path.iterdir())
