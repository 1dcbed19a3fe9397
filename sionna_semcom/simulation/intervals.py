# SPDX-License-Identifier: Apache-2.0
r"""Confidence intervals for the mean of samples that come in clusters.

Samples of one batch may share channel realisations, so they are not independent; batches are. With
the sum :math:`s_i` and the size :math:`n_i` of :math:`k` clusters, the mean and its variance are
those of the ratio estimator,

.. math::
    \bar x = \frac{\sum_i s_i}{\sum_i n_i}, \qquad
    \hat\sigma^2 = \frac{k}{k-1} \frac{\sum_i (s_i - n_i \bar x)^2}{(\sum_i n_i)^2},

which for clusters of equal size is the variance of the mean of their means. All functions take
``sums`` and ``sizes`` of shape ``[..., num_clusters]`` and give ``mean, low, high`` of shape
``[...]``; a single cluster gives no interval (NaN).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Bounds = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def student(sums: ArrayLike, sizes: ArrayLike, confidence: float = 0.95) -> Bounds:
    r"""Student's interval, :math:`\bar x \pm t_{k-1} \hat\sigma`."""
    mean, variance, num_clusters = _ratio(sums, sizes)
    half_width = _critical_value(num_clusters, confidence) * np.sqrt(variance)
    return mean, mean - half_width, mean + half_width


def wilson(sums: ArrayLike, sizes: ArrayLike, confidence: float = 0.95) -> Bounds:
    r"""Wilson's score interval of a proportion, for clustered samples.

    The number of samples is divided by Kish's design effect, the variance of the mean over what
    independent samples would have, and Student's quantile replaces the normal one because that
    variance is estimated from few clusters:

    .. math::
        n_\text{eff} = \frac{n}{\max(1, d)}, \qquad d = \frac{n \hat\sigma^2}{\bar x (1 - \bar x)}

    If no sample or every sample is a success the design effect cannot be seen and is taken as one.

    Source: Korn and Graubard, "Confidence Intervals for Proportions with Small Expected Number of
    Positive Counts Estimated from Survey Data", 1998, with Wilson's interval in place of
    Clopper and Pearson's.
    """
    mean, variance, num_clusters = _ratio(sums, sizes)
    count = np.sum(sizes, axis=-1)
    binomial = mean * (1 - mean)
    design_effect = np.divide(
        count * variance, binomial, out=np.ones_like(mean), where=binomial > 0
    )
    effective = count / np.maximum(design_effect, 1.0)
    return mean, *wilson_score(mean, effective, _critical_value(num_clusters, confidence))


def wilson_score(
    proportion: ArrayLike, count: ArrayLike, critical_value: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval of ``proportion`` seen in ``count`` independent samples."""
    p, n = np.asarray(proportion, float), np.asarray(count, float)
    spread = critical_value**2 / n
    centre = (p + spread / 2) / (1 + spread)
    half_width = np.sqrt(spread * (p * (1 - p) + spread / 4)) / (1 + spread)
    return np.maximum(centre - half_width, 0.0), np.minimum(centre + half_width, 1.0)


def bootstrap(
    sums: ArrayLike,
    sizes: ArrayLike,
    confidence: float = 0.95,
    num_resamples: int = 2000,
    seed: int = 0,
) -> Bounds:
    """Bias-corrected and accelerated (BCa) bootstrap over clusters, for skewed figures."""
    sums, sizes = np.broadcast_arrays(np.asarray(sums, float), np.asarray(sizes, float))
    mean, variance, num_clusters = _ratio(sums, sizes)
    if num_clusters < 2 or not np.all(variance > 0):  # BCa is undefined without any spread
        return student(sums, sizes, confidence)
    interval = stats.bootstrap(
        (sums, sizes),
        lambda s, n, axis: s.sum(axis) / n.sum(axis),
        paired=True,
        axis=-1,
        n_resamples=num_resamples,
        confidence_level=confidence,
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return mean, interval.low, interval.high


def _ratio(
    sums: ArrayLike, sizes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Mean, variance of the mean, and number of clusters."""
    s, n = np.broadcast_arrays(np.asarray(sums, float), np.asarray(sizes, float))
    num_clusters, count = s.shape[-1], n.sum(-1)
    mean = np.asarray(s.sum(-1) / count)
    if num_clusters < 2:
        return mean, np.full_like(mean, np.nan), num_clusters
    scatter = np.sum((s - n * mean[..., None]) ** 2, axis=-1)
    return mean, scatter * num_clusters / (num_clusters - 1) / count**2, num_clusters


def _critical_value(num_clusters: int, confidence: float) -> float:
    if num_clusters < 2:
        return math.nan
    return float(stats.t.ppf((1 + confidence) / 2, num_clusters - 1))
