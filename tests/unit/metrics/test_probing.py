# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sionna_semcom.metrics import linear_probe, perceptron_probe


def _samples(count, seed, noise=1.0):
    """Ten numbers, the first of which is the class in noise."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, count)
    x = draw.normal(size=(count, 10)) * 3 + 5
    x[:, 0] = 2 * y - 1 + noise * draw.normal(size=count)
    return x, y


def test_it_reads_what_is_there_and_only_that():
    assert linear_probe(_samples(800, 0, 0.2), _samples(400, 1, 0.2)) > 0.98
    train, test = _samples(800, 0), _samples(400, 1)
    found = linear_probe((train[0][:, 1:], train[1]), (test[0][:, 1:], test[1]))
    assert found == pytest.approx(0.5, abs=0.08)


def test_it_is_scikit_learns_regression_at_the_strength_that_validation_chooses():
    train, test, validation = _samples(60, 0), _samples(300, 1), _samples(300, 2)
    scores = {}
    for strength in (1e-3, 1e-2, 1e-1, 1.0, 10.0):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
        scores[strength] = model.fit(*train).score(*validation), model.score(*test)
    best = max(scores.values(), key=lambda pair: pair[0])[1]
    assert linear_probe(train, test, validation) == best


def _agreement(count, seed):
    """Two signs, and whether they are equal, which is not a linear function."""
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (count, 2))
    return signs + 0.1 * _samples(count, seed)[0][:, 1:3], (signs[:, 0] == signs[:, 1]).astype(int)


def test_a_perceptron_finds_what_is_not_there_linearly():
    train, test = _agreement(800, 0), _agreement(400, 1)
    assert linear_probe(train, test) == pytest.approx(0.5, abs=0.08)
    found = perceptron_probe(train, test, hidden=(32,))
    assert found > 0.95
    assert perceptron_probe(train, test, hidden=(32,)) == found


@pytest.mark.parametrize("of", [linear_probe, perceptron_probe])
def test_what_does_not_match_is_refused(of):
    x, y = _samples(20, 0)
    with pytest.raises(ValueError, match=r"with a class each\. Received: \(20, 10\) and \(19,\)"):
        of((x, y[1:]), (x, y))
    with pytest.raises(ValueError, match="two classes or more"):
        of((x, 0 * y), (x, y))


def test_whitening_makes_it_the_same_in_every_basis():
    draw = np.random.default_rng(3)
    train, test = _samples(600, 0, 1.0), _samples(300, 1, 1.0)
    mixing = draw.normal(size=(train[0].shape[1],) * 2) * np.logspace(0, 2, train[0].shape[1])
    found, mixed = (
        linear_probe((train[0] @ a, train[1]), (test[0] @ a, test[1]), whiten=True)
        for a in (np.eye(len(mixing)), mixing)
    )
    assert found == pytest.approx(mixed, abs=0.005)


def test_strengths_are_tried_until_one_is_worse():
    train, test = _samples(600, 0, 1.0), _samples(300, 1, 1.0)
    strong = linear_probe(train, test, strengths=(1e-8,))
    assert linear_probe(train, test, strengths=(1e-3, 1e-8, 1e-2)) != strong


@pytest.mark.parametrize(
    ("scores", "tried", "best"),
    [
        ([0.505, 0.50, 0.495, 0.60, 0.58], 5, 1.0),  # at chance a little less says nothing
        ([0.80, 0.70, 0.70, 0.90, 0.90], 3, 1e-3),
        ([0.80, 0.70, 0.795, 0.70, 0.90], 5, 10.0),
    ],
)
def test_strengths_are_tried_until_two_are_clearly_worse(monkeypatch, scores, tried, best):
    strengths = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
    seen = []

    class Scored(LogisticRegression):
        def score(self, *_):
            seen.append(self.C)
            return scores[strengths.index(self.C)]

    monkeypatch.setattr("sklearn.linear_model.LogisticRegression", Scored)
    samples = _samples(2000, 0)
    linear_probe(samples, samples, samples, strengths=strengths)
    assert seen == [*strengths[:tried], best]


def test_single_precision_whitens_the_same_directions():
    draw = np.random.default_rng(5)
    rows = np.float32(draw.normal(size=(3000, 256)) * np.logspace(0, -6, 256))
    classes = (rows[:, 0] + 0.5 * draw.normal(size=3000) > 0).astype(int)

    def found(x):
        return linear_probe((x[:1500], classes[:1500]), (x[1500:], classes[1500:]), whiten=True)

    assert found(rows) == found(np.float64(rows))
