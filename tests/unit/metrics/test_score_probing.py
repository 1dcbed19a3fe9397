# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from sionna_semcom.metrics import (
    linear_probe,
    linear_score_probe,
    perceptron_probe,
    perceptron_score_probe,
)


def _samples(count, seed, noise=0.5):
    """Ten numbers, two of which give the score in noise."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, 10)) * 3 + 5
    return x, x[:, 0] - 0.5 * x[:, 1] + noise * draw.normal(size=count)


def _ridge(train, x, strength):
    """Predictions for ``x`` from the normal equations of standardized representations."""
    mean, scale = train[0].mean(0), train[0].std(0)
    rows, mean_score = (train[0] - mean) / scale, train[1].mean()
    gram = rows.T @ rows + strength * np.eye(rows.shape[1])
    return (x - mean) / scale @ np.linalg.solve(gram, rows.T @ (train[1] - mean_score)) + mean_score


def test_it_solves_the_normal_equations_of_standardized_representations():
    train, test = _samples(60, 0), _samples(30, 1)
    found = linear_score_probe(train, test, strengths=(3.0,))
    np.testing.assert_allclose(found, _ridge(train, test[0], 3.0), rtol=1e-10)


def test_the_strength_minimizes_the_error_of_predictions_of_samples_left_out():
    train, test = _samples(25, 0, 3.0), _samples(30, 1)
    mean, scale = train[0].mean(0), train[0].std(0)
    rows = (train[0] - mean) / scale  # standardized once, with all samples
    errors = {}
    for strength in (1.0, 10.0, 100.0):
        left_out = []
        for one in range(25):
            x, y = np.delete(rows, one, 0), np.delete(train[1], one)
            gram = (x - x.mean(0)).T @ (x - x.mean(0)) + strength * np.eye(10)
            weights = np.linalg.solve(gram, (x - x.mean(0)).T @ (y - y.mean()))
            left_out.append((rows[one] - x.mean(0)) @ weights + y.mean() - train[1][one])
        errors[strength] = np.mean(np.square(left_out))
    best = min(errors, key=errors.get)
    assert best == 10.0
    found = linear_score_probe(train, test, strengths=tuple(errors))
    np.testing.assert_allclose(found, _ridge(train, test[0], best), rtol=1e-8)


def test_whitening_makes_it_the_same_in_every_basis():
    mixing = np.random.default_rng(3).normal(size=(10, 10)) * np.logspace(0, 2, 10)
    train, test = _samples(600, 0), _samples(300, 1)
    found, mixed = (
        linear_score_probe((train[0] @ a, train[1]), (test[0] @ a, test[1]), whiten=True)
        for a in (np.eye(10), mixing)
    )
    np.testing.assert_allclose(found, mixed, atol=1e-6)


def test_a_perceptron_predicts_what_is_not_linear():
    def product(count, seed):
        x = np.random.default_rng(seed).normal(size=(count, 2))
        return x, x[:, 0] * x[:, 1]

    train, test = product(3000, 0), product(400, 1)
    found = perceptron_score_probe(train, test, hidden=(64,))
    assert np.corrcoef(found, test[1])[0, 1] > 0.97
    assert abs(np.corrcoef(linear_score_probe(train, test), test[1])[0, 1]) < 0.2
    np.testing.assert_array_equal(perceptron_score_probe(train, test, hidden=(64,)), found)


@pytest.mark.parametrize("of", [linear_score_probe, perceptron_score_probe])
def test_what_is_no_score_is_refused(of):
    x, y = _samples(20, 0)
    with pytest.raises(ValueError, match=r"with a score each\. Received: \(20, 10\) and \(19,\)"):
        of((x, y[1:]), (x, y))
    with pytest.raises(ValueError, match="scores that differ"):
        of((x, 0 * y), (x, y))
    with pytest.raises(ValueError, match=r"must be finite numbers\. Received: dtype=float64"):
        of((x, np.where(y > 5, np.nan, y)), (x, y))
    with pytest.raises(ValueError, match=r"must be finite numbers\. Received: dtype=<U8"):
        of((x, np.full(20, "positive")), (x, y))


@pytest.mark.parametrize("of", [linear_probe, perceptron_probe])
def test_scores_are_no_classes(of):
    x, y = _samples(20, 0)
    with pytest.raises(ValueError, match=r"linear_score_probe .* are for scores\. .* dtype=float"):
        of((x, y), (x, y))
    of((x, np.float32(y > np.median(y))), (x, y > np.median(y)))  # classes as numbers
