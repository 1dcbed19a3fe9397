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
    one: Array,
    other: Array,
    *,
    folds: int = 4,
    units: tuple[int, ...] = (64,),
    penalties: tuple[float, ...] = (1e-2, 1.0),
    epochs: int = 60,
    patience: int = 8,
    repeats: int = 20,
    seed: int = 0,
) -> Dependence:
    """Train discriminators of matched and mismatched pairs, each judged on samples it never saw.

    Samples are cut into ``folds``, and the BCE is the mean over them of a discriminator that was
    trained on the others. Discriminators are perceptrons of scikit-learn that see both
    representations and their products (where they have one size), with mismatched pairs drawn anew
    in every epoch. Of all penalties and epochs the one counts that is best on one more fold, left
    out of training; guessing is among them, so that overfitting does not pass for independence.

    Parameters
    ----------
    one, other : [num_samples, m] and [num_samples, n], `float`
        Frozen representations of the same samples
    folds : `int`
        Parts that samples are cut into, 3 or more
    units : sequence of `int`
        Hidden layers
    penalties : sequence of `float`
        Weights of the squared norm that are tried
    epochs, patience : `int`
        Most epochs, and epochs without improvement that end training
    repeats : `int`
        Mismatched orders that are averaged over
    seed : `int`
        Seed of folds, orders and weights

    Raises
    ------
    ValueError
        If representations do not match, or there are too few of them or of folds
    """
    one, other = np.asarray(one), np.asarray(other)
    if len(one) != len(other) or {one.ndim, other.ndim} != {2} or not 3 <= folds <= len(one) // 4:
        raise ValueError(
            "Representations must be two matrices with a row for each sample, at least 4 in each "
            f"of 3 folds or more. Received: {one.shape} and {other.shape}, folds={folds}"
        )
    parts = np.array_split(np.random.default_rng(seed).permutation(len(one)), folds)
    scaled = [(a - a.mean(0)) / (a.std(0) + 1e-9) for a in (one, other)]
    found = [
        _judged(
            [
                [a[rows] for a in scaled]
                for rows in (
                    np.concatenate([parts[(k + j) % folds] for j in range(2, folds)]),
                    parts[(k + 1) % folds],
                    parts[k],
                )
            ],
            (units, penalties),
            (epochs, patience, repeats),
            seed,
        )
        for k in range(folds)
    ]
    return Dependence(float(np.mean(found)))


def _judged(
    roles: list[list[Array]],
    candidates: tuple[tuple[int, ...], tuple[float, ...]],
    limits: tuple[int, int, int],
    seed: int,
) -> float:
    """BCE of the candidate that is trained on the first part, best on the second, on the third."""
    fitting, selecting, judging = roles
    units, penalties = candidates
    judge, best = None, CHANCE
    for penalty in penalties:
        model, bce = _fit(fitting, selecting, units, penalty, limits, seed)
        if bce < best:
            judge, best = model, bce
    if judge is None:
        return float(CHANCE)
    return _bce(judge, judging, np.random.default_rng(seed + 3), limits[2])


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
