# SPDX-License-Identifier: Apache-2.0
"""Linear Gaussian features against their closed forms, SciPy and least squares."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sionna_semcom.datasets import DATASETS, linear_gaussian_features

NOISE = 0.7
COUNTS = {"num_train": 20_000, "num_validation": 10, "num_test": 20_000}
DIMS = {"shared_dim": 1, "pairwise_dim": 1, "unique_dim": 1, "shared_nuisance_dim": 2}


@pytest.fixture(scope="module")
def data():
    return linear_gaussian_features(**COUNTS, **DIMS, nuisance_dim=1, num_features=8, noise=NOISE)


def test_eigenvalues_of_covariances_tell_the_components(data):
    raw = data.splits["train"].features
    for values in raw.values():  # 1 shared, 2 of pairs, 1 unique, 3 nuisances: 7 of 8 directions
        found = np.linalg.eigvalsh(np.cov(values.T))
        np.testing.assert_allclose(found, [NOISE**2, *[1 + NOISE**2] * 7], rtol=0.08)
    for one, other in (("text", "audio"), ("audio", "vision"), ("text", "vision")):
        cross = np.cov(raw[one].T, raw[other].T)[:8, 8:]
        found = np.linalg.svd(cross, compute_uv=False)  # 1 shared, 1 of the pair, 2 nuisances
        np.testing.assert_allclose(found[:4], 1.0, atol=0.05)
        assert found[4:].max() < 0.05


def least_squares(data, modalities):
    """Test predictions of the sign bits of all parts, as +-1, by least squares on training."""
    train, test = data.arrays("train"), data.arrays("test")
    x, z = (np.concatenate([a[name] for name in modalities], 1) for a in (train, test))
    bits = 2.0 * np.stack(list(data.parts(train).values()), 1) - 1
    return z @ np.linalg.lstsq(x, bits, rcond=None)[0]


@pytest.mark.parametrize("modalities", [("text", "audio", "vision"), ("text", "audio"), ("text",)])
def test_best_accuracy_is_that_of_least_squares(modalities):
    data = linear_gaussian_features(**COUNTS, **DIMS, modalities=modalities, noise=NOISE)
    bits = np.stack(list(data.parts(data.arrays("test")).values()), 1)
    right = (least_squares(data, modalities) > 0) == bits
    for found, correlation in zip(right.mean(0), data.correlations.values(), strict=True):
        both = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], True)
        assert found == pytest.approx(2 * both.cdf([0, 0]), abs=0.015)
    assert right.all(1).mean() == pytest.approx(data.best_metrics["accuracy"], abs=0.012)


def test_more_modalities_with_a_component_add_precision(data):
    counts = {"shared_0": 3, "text_audio_0": 2, "audio_vision_0": 2, "unique_vision_0": 1}
    for name, count in counts.items():
        precision = 1 / (1 - data.correlations[name] ** 2)  # of the posterior
        assert precision == pytest.approx(1 + count / NOISE**2)
    text = linear_gaussian_features(4, 4, 4, **DIMS, noise=0.0, modalities=["text"])
    assert text.correlations["unique_text_0"] == 1
    assert text.correlations["unique_audio_0"] == text.correlations["audio_vision_0"] == 0


def test_scores():
    options = {"shared_dim": 2, "unique_dim": 1, "noise": 0.5, "label": "regression"}
    data = linear_gaussian_features(**COUNTS, **options)
    train, test = data.arrays("train"), data.arrays("test")
    assert data.num_classes == 0 and data.parts(test) == {}
    assert np.abs(test["label"]).max() == 3 and test["label"].std() == pytest.approx(1, rel=0.02)
    x, z = (np.concatenate([a[name] for name in data.shapes], 1) for a in (train, test))
    found = z @ np.linalg.lstsq(x, train["label"], rcond=None)[0]
    expected = math.sqrt((2 * 3 / 3.25 + 3 * 1 / 1.25) / 5)
    assert data.best_metrics["correlation"] == pytest.approx(expected)
    assert np.corrcoef(found, test["label"])[0, 1] == pytest.approx(expected, abs=0.005)


def test_fewer_training_samples_are_the_first_ones_of_more():
    few, many = (linear_gaussian_features(count, 5, 50, seed=3) for count in (20, 90))
    for name, values in many.splits["train"].features.items():
        np.testing.assert_array_equal(few.splits["train"].features[name], values[:20])
        np.testing.assert_array_equal(
            few.splits["test"].features[name], many.splits["test"].features[name]
        )
    other = linear_gaussian_features(20, 5, 50, seed=4)
    assert not np.array_equal(few.splits["test"].label, other.splits["test"].label)


def test_classes_are_signs_and_all_are_counted():
    data = linear_gaussian_features(3, 3, 3, shared_dim=3, unique_dim=0, noise=0.0, nuisance_dim=0)
    assert data.num_classes == 8
    label = data.splits["train"].label
    total = sum(bits << i for i, bits in enumerate(data.parts({"label": label}).values()))
    np.testing.assert_array_equal(total, label)
    one = linear_gaussian_features(9, 9, 9, shared_dim=1, unique_dim=0, noise=1.0)
    assert one.num_classes == 2
    assert one.best_metrics == {"acc2": pytest.approx(1 - math.acos(math.sqrt(0.75)) / math.pi)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shared_dim": 0, "unique_dim": 0}, "must be at least 1, and at most 10 .* Received: 0"),
        ({"shared_dim": 2, "unique_dim": 3}, "at most 10 for classes. Received: 11"),
        ({"nuisance_dim": -1}, "components must not be negative. Received: -1"),
        ({"num_features": 5}, "must be at least the 6 components .* Received: 5"),
        ({"label": "words"}, "label"),
        ({"noise": -0.1}, "noise"),
        ({"num_test": 0}, "num_test"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        linear_gaussian_features(**options)
    with pytest.raises(ValueError, match=next(iter(options)) if len(options) == 1 else message):
        DATASETS.settings({"kind": "linear_gaussian_features", **options})


def test_a_study_gets_the_same_data():
    options = {"num_train": 30, "shared_dim": 0, "pairwise_dim": 1, "noise": 0.2, "seed": 5}
    expected = linear_gaussian_features(**options)
    data = DATASETS.settings({"kind": "linear_gaussian_features", **options}).load()
    assert data.num_classes == 64 and data.best_metrics == expected.best_metrics
    for name, values in expected.arrays("train").items():
        np.testing.assert_array_equal(data.arrays("train")[name], values)
