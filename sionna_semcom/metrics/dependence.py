# SPDX-License-Identifier: Apache-2.0
"""Dependence of two frozen representations, estimated by newly trained discriminators.

Discriminators from training cannot be used for evaluation: the encoders were trained to fool them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Pair = tuple[Array, Array]

CHANCE = 2.0 * np.log(2.0)
_NUM_ORDERS = 20  # mismatched orders for the mean BCE


@dataclass(frozen=True)
class Dependence:
    r"""Result of newly trained discriminators.

    Parameters
    ----------
    bce : `float`
        Binary cross-entropy in nats on samples not used for training; :math:`2\ln 2` at chance
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
    ranks: Sequence[int] = (1, 2, 4),
    ridge: float = 0.1,
    folds: int = 10,
    seed: int = 0,
) -> Dependence:
    r"""Train discriminators of matched and mismatched pairs and evaluate them on held-out samples.

    For few samples of high dimension, at most a few shared directions can be found. Half of the
    training samples are used to find these directions (canonical correlation analysis with a
    ridge). The other half is used to fit a logistic regression for matched and mismatched pairs.
    Its inputs are the canonical variables :math:`\mathbf{u}, \mathbf{v}` of both representations,
    their squares and their products.

    Samples are divided into ``folds``. The number of directions is selected on one fold, the
    discriminator is evaluated on another fold and trained on the rest. The BCE is the mean over all
    folds. For independent representations, it varies around the chance level and may exceed it.

    Source of the pairs: Fu et al., equations (34) to (36).

    Parameters
    ----------
    one, other : [num_samples, m] and [num_samples, n], `float`
        Frozen representations of the same samples
    ranks : sequence of `int`
        Candidates for the number of directions
    ridge : `float`
        Ridge of the covariances, in units of their mean variance
    folds : `int`
        Number of folds, 3 or more
    seed : `int`
        Seed of folds and orders

    Output
    ------
    : `Dependence`
        BCE of the discriminators, and the lower bound of the divergence, in nats

    Raises
    ------
    ValueError
        If representations do not match, or there are too few samples or folds
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    if len(one) != len(other) or {one.ndim, other.ndim} != {2} or not 3 <= folds <= len(one) // 4:
        raise ValueError(
            "Representations must be two matrices with a row for each sample, at least 4 in each "
            f"of 3 folds or more. Received: {one.shape} and {other.shape}, folds={folds}"
        )
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("Representations must be finite. Received: NaN or infinity")
    draw = np.random.default_rng(seed)
    parts = np.array_split(draw.permutation(len(one)), folds)
    limit = min(one.shape[1], other.shape[1])
    ranks = sorted({min(rank, limit) for rank in ranks})
    found = []
    for fold, judged in enumerate(parts):
        chosen_on = parts[(fold + 1) % folds]
        rest = [parts[(fold + step) % folds] for step in range(2, folds)]
        rows = np.concatenate(rest)
        trained = [_discriminator(one[rows], other[rows], k, ridge, draw) for k in ranks]
        scores = [_bce(judge, (one[chosen_on], other[chosen_on]), draw) for judge in trained]
        best = trained[int(np.argmin(scores))]
        found.append(_bce(best, (one[judged], other[judged]), draw))
    return Dependence(float(np.mean(found)))


def _discriminator(
    one: Array, other: Array, rank: int, ridge: float, draw: np.random.Generator
) -> Callable[[Array, Array], Array]:
    """Logarithms of the probabilities [num_pairs, 2] of mismatched and matched."""
    from sklearn.linear_model import LogisticRegression

    half = len(one) // 2
    project = _canonical(one[:half], other[:half], rank, ridge)
    u, v = project(one[half:], other[half:])
    orders = [_mismatched(len(u), draw) for _ in range(5)]
    pairs = [(u, v), *((u[first], v[second]) for first, second in orders)]
    classes = np.repeat([1, *[0] * len(orders)], len(u))
    weights = np.where(classes, len(orders), 1)
    model = LogisticRegression(C=0.1, max_iter=300)
    model.fit(np.concatenate([_features(*pair) for pair in pairs]), classes, weights)

    def judge(x: Array, y: Array) -> Array:
        return np.log(np.maximum(model.predict_proba(_features(*project(x, y))), 1e-12))

    return judge


def _canonical(one: Array, other: Array, rank: int, ridge: float) -> Callable[[Array, Array], Pair]:
    """Canonical variables of ``rank`` directions, with a ridge (scikit-learn has none)."""
    means = one.mean(0), other.mean(0)
    x, y = one - means[0], other - means[1]
    whiteners = []
    for part in (x, y):
        covariance = part.T @ part / len(part)
        floor = ridge * np.trace(covariance) / len(covariance) + 1e-12
        root = np.linalg.cholesky(covariance + floor * np.eye(len(covariance)))
        whiteners.append(np.linalg.inv(root).T)
    left, _, right = np.linalg.svd(whiteners[0].T @ (x.T @ y / len(x)) @ whiteners[1])
    maps = whiteners[0] @ left[:, :rank], whiteners[1] @ right[:rank].T
    return lambda a, b: ((a - means[0]) @ maps[0], (b - means[1]) @ maps[1])


def _features(u: Array, v: Array) -> Array:
    return np.concatenate([u, v, u * v, u**2, v**2], 1)


def _mismatched(count: int, draw: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows of both arrays in a random cyclic order without matched pairs."""
    order = draw.permutation(count)
    return order, np.roll(order, -1)


def _bce(judge: Callable[[Array, Array], Array], pair: Pair, draw: np.random.Generator) -> float:
    """BCE in nats of the discriminator ``judge`` on a pair and its mismatched orders."""
    one, other = pair
    orders = [_mismatched(len(one), draw) for _ in range(_NUM_ORDERS)]
    firsts, seconds = (np.concatenate(rows) for rows in zip(*orders, strict=True))
    matched = judge(one, other)[:, 1]
    mismatched = judge(one[firsts], other[seconds])[:, 0]
    return float(-np.mean(matched) - np.mean(mismatched))
