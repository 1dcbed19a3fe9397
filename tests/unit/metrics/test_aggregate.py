# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics as reference

from sionna_semcom import metrics
from sionna_semcom.simulation.evaluation.stop_rule import StopRule
from sionna_semcom.simulation.evaluation.tally import Tally


@pytest.mark.parametrize("num_classes", [2, 5])
def test_f1_is_scikit_learns(num_classes):
    draw = np.random.default_rng(num_classes)
    classes, decided = draw.integers(0, num_classes, (2, 300))
    cells = metrics.confusion(classes, decided, num_classes).numpy()
    np.testing.assert_array_equal(cells.sum(1), 1)
    matrix = cells.sum(0).reshape(num_classes, num_classes)
    np.testing.assert_array_equal(matrix, reference.confusion_matrix(classes, decided))
    expected = reference.f1_score(classes, decided, average="weighted")
    assert metrics.f1_score(cells.mean(0)) == pytest.approx(expected)


def test_f1_of_a_class_that_is_neither_there_nor_decided_for_does_not_count():
    cells = metrics.confusion([0, 0, 1], [0, 1, 1], 4).numpy()
    expected = reference.f1_score([0, 0, 1], [0, 1, 1], average="weighted")
    assert metrics.f1_score(cells.mean(0)) == pytest.approx(expected)


def test_correlation_is_numpys():
    x, y = np.random.default_rng(0).normal(size=(2, 200)).astype("f")
    y += x
    found = metrics.correlation(metrics.moments(x, y).numpy().astype(float).mean(0))
    assert found == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-5)


def test_what_is_constant_correlates_with_nothing():
    x = np.arange(5, dtype="f")
    assert metrics.correlation(metrics.moments(x, 0 * x + 2).numpy().mean(0)) == 0.0


def test_a_share_counts_only_what_counts():
    found = metrics.where([True, False, True, True], [True, True, False, False]).numpy()
    assert metrics.share(found.mean(0)) == 0.5
    assert metrics.share(np.zeros(2)) == 0.0


@pytest.mark.parametrize(
    ("center", "spread"),
    [(0.0, 1.0), (2.0, 2e-4), (2.0, 2e-5), (1e4, 1.0), (-1e6, 200.0)],
)
def test_correlation_does_not_depend_on_where_values_lie(center, spread):
    draw = np.random.default_rng(0)
    label = draw.normal(size=400)
    outputs = (center + spread * (label + 0.48 * draw.normal(size=400))).astype("f")
    found = metrics.correlation(metrics.moments(label, outputs).numpy().mean(0))
    assert found == pytest.approx(np.corrcoef(label, outputs)[0, 1], abs=2e-4)


@pytest.mark.parametrize("spread", [1e-3, 3e-3, 0.02, 0.1])
@pytest.mark.parametrize("seed", range(4))
def test_correlation_is_right_to_three_digits_or_undefined(spread, seed):
    draw = np.random.default_rng(seed)
    label = draw.normal(size=2000)
    outputs = 1e4 + spread * (label + 2.0 * draw.normal(size=2000))
    expected = np.corrcoef(label, outputs - 1e4)[0, 1]
    found = metrics.correlation(metrics.moments(label, outputs).numpy().mean(0))
    if spread * 5**0.5 < 1e-2:  # standard deviation below 1e-6 of the mean
        assert found == 0.0
    else:
        assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("center", "spread"), [(2.0, 2e-5), (1e4, 0.02), (-1e6, 2.0)])
def test_nor_does_it_in_a_simulation(center, spread):
    draw = np.random.default_rng(0)
    label = draw.normal(size=[8, 500])
    outputs = (center + spread * (label + 0.48 * draw.normal(size=[8, 500]))).astype("f")
    tally = Tally(0.0, StopRule(), {"correlation": metrics.correlation})
    for index, pair in enumerate(zip(label, outputs, strict=True)):
        tally.add(index, {"correlation": metrics.moments(*pair)})
    expected = np.corrcoef(label.ravel(), outputs.ravel())[0, 1]
    assert 0.8 < expected < 0.95
    assert tally.estimate("correlation").mean == pytest.approx(expected, abs=1e-4)


def test_correlation_of_means_that_are_not_finite_is_not_a_number():
    assert np.isnan(metrics.correlation(np.full(5, np.nan)))


@pytest.mark.parametrize("percent", [1, 5, 50, 95])
def test_percentiles_are_numpys_within_a_bin(percent):
    x = np.random.default_rng(0).normal(5.0, 4.0, 2000).astype("f")
    percentile = metrics.Percentile(percent, np.arange(-10.0, 30.1, 0.25))
    shares = percentile.components(x).numpy().mean(0)
    assert shares.sum() == pytest.approx(1.0)
    assert percentile(shares) == pytest.approx(np.percentile(x, percent), abs=0.25)


def test_what_lies_beyond_the_edges_counts_in_the_last_bins():
    percentile = metrics.Percentile(50, np.arange(4.0))
    shares = percentile.components(np.float32([-9, 9, 9, 9])).numpy().mean(0)
    np.testing.assert_array_equal(shares, [0.25, 0, 0.75])
    assert percentile(shares) == pytest.approx(2 + 1 / 3)


@pytest.mark.parametrize(
    ("percent", "edges", "message"),
    [
        (0, [0, 1], "`percent` must be between 0 and 100. Received: 0"),
        (np.nan, [0, 1], "`percent` must be between 0 and 100. Received: nan"),
        (5, [1, 0], r"`edges` must ascend. Received: \[1.0, 0.0\]"),
        (5, [1], "`edges` must ascend"),
    ],
)
def test_what_is_no_percentile_is_refused(percent, edges, message):
    with pytest.raises(ValueError, match=message):
        metrics.Percentile(percent, edges)


def test_a_percentile_does_not_hide_what_is_not_a_number():
    with metrics.watching() as watch:
        metrics.Percentile(5, np.arange(4.0)).components(tf.constant([1.0, np.nan]))
    assert watch.count() == 1


def test_classes_that_are_none_do_not_count_as_others():
    """A decision for class 3 of 3 would stand in the cell of class 1 and decision 0."""
    cells = metrics.confusion([0, 1, -1], [3, 1, 1], 3).numpy()
    assert np.isnan(cells).all(1).tolist() == [True, False, True]
    assert cells[1].tolist() == np.eye(9)[4].tolist()
    with pytest.raises(ValueError, match=r"`decided` must be integers. Received: dtype=float32"):
        metrics.confusion([0], [0.9], 3)


def test_values_in_a_column_have_the_moments_of_a_row():
    x, y = tf.random.normal([6]), tf.random.normal([6])
    np.testing.assert_array_equal(metrics.moments(x[:, tf.newaxis], y), metrics.moments(x, y))
    with pytest.raises(ValueError, match=r"\[batch\] or \[batch, 1\]. Received: \(6, 2\)"):
        metrics.moments(tf.ones([6, 2]), y)


def test_bins_of_integers_are_those_of_their_values():
    percentile = metrics.Percentile(50.0, [0.0, 0.5, 1.5, 2.5])
    np.testing.assert_array_equal(percentile.components(tf.constant([0, 1, 2])), np.eye(3))
