# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hypothesis.extra.numpy as strategies
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.preprocessing import StandardScaler

from sionna_semcom.datasets.features.standardization import Standardization, count_non_finite


@pytest.mark.parametrize("count", [1, 7, 600])
def test_vectors_are_those_of_scikit_learn(count):
    train = np.random.default_rng(1).normal(3, [1, 5, 0], (count, 3)).astype(np.float32)
    test = np.random.default_rng(2).normal(3, [1, 5, 0], (9, 3)).astype(np.float32)
    scaler = StandardScaler().fit(train.astype(np.float64))
    standardize = Standardization.fit(train)
    for values in (train, test):
        expected = scaler.transform(values.astype(np.float64))
        expected[:, train.std(0) == 0] = 0  # which scikit-learn only centers
        np.testing.assert_allclose(standardize(values), expected, atol=1e-5)


def test_only_real_frames_count():
    values = np.random.default_rng(1).normal(3, 2, (400, 6, 2)).astype(np.float32)
    lengths = np.arange(400) % 7
    real = np.arange(6) < lengths[:, None]
    values[~real] = 0
    scaler = StandardScaler().fit(values[real])
    result = Standardization.fit(values, lengths)(values, lengths)
    np.testing.assert_allclose(result[real], scaler.transform(values[real]), atol=1e-5)
    assert not result[~real].any()


SIGNAL = np.uint32(0x7FA00000).view(np.float32)  # a NaN at which processors complain


@pytest.mark.parametrize("wrong", [-np.inf, np.inf, np.nan, SIGNAL])
def test_values_that_are_not_finite_are_as_the_mean(wrong):
    values = np.random.default_rng(1).normal(3, 2, (50, 2)).astype(np.float32)
    finite = Standardization.fit(values[5:])
    values[:5, 1] = wrong
    standardize = Standardization.fit(values)
    assert standardize.mean[1] == pytest.approx(finite.mean[1])
    assert standardize.scale[1] == pytest.approx(finite.scale[1])
    assert not standardize(values)[:5, 1].any()
    assert standardize(values)[:5, 0].all()
    assert count_non_finite(values) == 5


@pytest.mark.parametrize("wrong", [3e38, -3e38, 1e30, np.finfo(np.float32).max])
def test_values_whose_squares_overflow_are_replaced_and_counted(wrong):
    """A single such value would dominate the deviation, and make all other values zero."""
    draw = np.random.default_rng(1)
    values, test = (draw.normal(3, 2, (50, 2)).astype(np.float32) for _ in range(2))
    clean = Standardization.fit(values[5:])
    values[:5, 1], test[0, 0] = wrong, wrong
    standardize = Standardization.fit(values)
    assert standardize.scale[1] == pytest.approx(clean.scale[1])
    assert not standardize(values)[:5, 1].any()
    assert standardize(test)[0, 0] == 0
    assert standardize(test)[:, 1].std() == pytest.approx(1, abs=0.3)
    assert [count_non_finite(values), count_non_finite(test)] == [5, 1]


def test_large_values_that_can_be_squared_are_kept():
    values = np.random.default_rng(1).normal(0, 1e18, (50, 2)).astype(np.float32)
    np.testing.assert_allclose(Standardization.fit(values)(values).std(0), 1, atol=1e-5)
    assert count_non_finite(values) == 0


def test_what_training_does_not_tell_apart_is_zero():
    train = np.array([[7.1, np.nan, 1], [7.1, -np.inf, 2]], np.float32)
    test = np.array([[9, 5, 3]], np.float32)
    standardize = Standardization.fit(np.repeat(train, 500, axis=0))
    np.testing.assert_allclose(standardize(test), [[0, 0, 3]], atol=1e-6)


def test_sequences_without_frames():
    values, lengths = np.zeros((3, 4, 2), np.float32), np.zeros(3, np.int32)
    standardize = Standardization.fit(values, lengths)
    assert not standardize(values, lengths).any()
    assert not standardize(values + 5, np.array([4, 4, 4])).any()
    assert count_non_finite(values, lengths) == 0


@settings(deadline=None)
@given(
    *(strategies.arrays(np.float32, (4, 3)) for _ in range(2)),
)
def test_every_number_gives_a_finite_one(train, test):
    standardize = Standardization.fit(train)
    for values in (train, test):
        assert np.isfinite(standardize(values)).all()
    assert np.abs(standardize(train)).max() <= 2  # of four values around their mean: sqrt(3)
