# SPDX-License-Identifier: Apache-2.0
"""How much two frozen representations share, judged by a discriminator that is trained anew.

Discriminators that took part in training are no evidence: encoders have learnt to deceive these
very ones.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

CHANCE = 2.0 * np.log(2.0)


@dataclass(frozen=True)
class Dependence:
    r"""What a fresh discriminator found.

    Parameters
    ----------
    bce : `float`
        Binary cross-entropy in nats on samples that it was not trained on; :math:`2\ln 2` is
        chance
    """

    bce: float

    @property
    def jsd_bound(self) -> float:
        r"""Lower bound :math:`\mathcal{J} = 2\ln 2 - \text{BCE}` of :math:`2D_\text{JS}`, nats."""
        return float(CHANCE - self.bce)


def fresh_dependence(
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    units: tuple[int, ...] = (64,),
    penalties: tuple[float, ...] = (1e-3, 1e-1),
    epochs: int = 60,
    patience: int = 10,
    held_out: float = 0.25,
    repeats: int = 20,
    seed: int = 0,
) -> Dependence:
    """Train discriminators of matched and mismatched pairs, and judge the best on other samples.

    Perceptrons of scikit-learn see both representations and their products (where they have one
    size), with mismatched pairs drawn anew in every epoch. Of all penalties and epochs the one
    counts that is best on held-out training samples; a discriminator that only guesses is among
    them, so that chance is not missed by overfitting, up to the noise of the selection.

    Parameters
    ----------
    train, test : ([num_samples, m], [num_samples, n]), `float`
        Matched representations; rows belong together
    units : sequence of `int`
        Hidden layers
    penalties : sequence of `float`
        Weights of the squared norm that are tried
    epochs, patience : `int`
        Most epochs, and epochs without improvement that end training
    held_out : `float`
        Share of the training samples that selects
    repeats : `int`
        Mismatched orders of the test samples that are averaged over
    seed : `int`
        Seed of orders and weights

    Raises
    ------
    ValueError
        If representations do not match, or there are too few
    """
    for part in (train, test):
        if len(part[0]) != len(part[1]) or len(part[0]) < 8 or {a.ndim for a in part} != {2}:
            raise ValueError(
                "Representations must be two matrices with a row for each of 8 samples or more. "
                f"Received: {part[0].shape} and {part[1].shape}"
            )
    draw = np.random.default_rng(seed)
    order = draw.permutation(len(train[0]))
    cut = max(2, round(held_out * len(order)))
    scalers = [(a.mean(0), a.std(0) + 1e-9) for a in train]
    scaled = [
        [(a - mean) / deviation for a, (mean, deviation) in zip(part, scalers, strict=True)]
        for part in (train, test)
    ]
    fitting, selecting = ([a[rows] for a in scaled[0]] for rows in (order[cut:], order[:cut]))
    judge, best = None, CHANCE
    for penalty in penalties:
        found, bce = _fit(fitting, selecting, units, penalty, (epochs, patience, repeats), seed)
        if bce < best:
            judge, best = found, bce
    return Dependence(CHANCE if judge is None else _bce(judge, scaled[1], draw, repeats))


def _fit(
    fitting: list[Array],
    selecting: list[Array],
    units: tuple[int, ...],
    penalty: float,
    limits: tuple[int, int, int],
    seed: int,
) -> tuple[Any, float]:
    """The discriminator at its best epoch, and its BCE on ``selecting``."""
    import copy

    from sklearn.neural_network import MLPClassifier

    epochs, patience, repeats = limits
    draw = np.random.default_rng(seed + 1)
    model = MLPClassifier(units, alpha=penalty, random_state=seed, batch_size=64)
    best, kept, waited = np.inf, None, 0
    for _ in range(epochs):
        x = np.concatenate([_pairs(fitting), _pairs(fitting, draw)])
        y = np.repeat([1, 0], len(x) // 2)
        shuffled = draw.permutation(len(x))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an overflow in exp for logits that are certain
            model.partial_fit(x[shuffled], y[shuffled], classes=[0, 1])
        bce = _bce(model, selecting, np.random.default_rng(seed + 2), repeats)
        if bce < best - 1e-4:
            best, kept, waited = bce, copy.deepcopy(model), 0
        elif (waited := waited + 1) >= patience:
            break
    return kept, best


def _pairs(part: list[Array], draw: np.random.Generator | None = None) -> Array:
    """Features of matched pairs, or of mismatched ones in a random cyclic order."""
    one, other = part
    if draw is not None:
        order = draw.permutation(len(one))
        one, other = one[order], other[np.roll(order, -1)]
    products = [one * other] if one.shape == other.shape else []
    return np.concatenate([one, other, *products], 1)


def _bce(model: Any, part: list[Array], draw: np.random.Generator, repeats: int) -> float:
    """BCE in nats of ``model``, averaged over mismatched orders."""
    matched = _log_probability(model, _pairs(part), 1)
    mismatched = [_log_probability(model, _pairs(part, draw), 0) for _ in range(repeats)]
    return float(-matched - np.mean(mismatched))


def _log_probability(model: Any, x: Array, kind: int) -> float:
    return float(np.mean(np.log(np.maximum(model.predict_proba(x)[:, kind], 1e-12))))
