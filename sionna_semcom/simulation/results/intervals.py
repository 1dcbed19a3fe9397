# SPDX-License-Identifier: Apache-2.0
r"""Confidence intervals of means of clustered samples.

Samples of a batch may share channel realizations, so they are not independent. Batches are
independent. With the sum :math:`s_i` and the size :math:`n_i` of :math:`k` batches, the mean and
its variance are given by the ratio estimator,

.. math::
    \bar x = \frac{\sum_i s_i}{\sum_i n_i}, \qquad
    \hat\sigma^2 = \frac{k}{k-1} \frac{\sum_i (s_i - n_i \bar x)^2}{(\sum_i n_i)^2}
        + \hat\sigma_\text{d}^2.

For batches of equal size, the first term is the variance of the mean of the batch means. It
includes all randomness if each batch has its own data. If batches repeat the same data over new
channel realizations, :math:`\hat\sigma_\text{d}^2` adds the missing variance due to the choice of
the data (:func:`repetition_variance`). Intervals therefore always account for new channels *and*
new data.

All functions take ``sums`` and ``sizes`` of shape ``[..., num_batches]`` and return ``mean, low,
high`` of shape ``[...]``. The interval of a single batch is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Bounds = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def student(
    sums: ArrayLike, sizes: ArrayLike, confidence: float = 0.95, data_variance: float = 0.0
) -> Bounds:
    r"""Student's t interval, :math:`\bar x \pm t_{k-1} \hat\sigma`."""
    mean, variance, num_batches = _ratio(sums, sizes)
    half_width = _critical_value(num_batches, confidence) * np.sqrt(variance + data_variance)
    return mean, mean - half_width, mean + half_width


def wilson(
    sums: ArrayLike,
    sizes: ArrayLike,
    confidence: float = 0.95,
    data_variance: float = 0.0,
    num_distinct: float = math.inf,
) -> Bounds:
    r"""Wilson's score interval of a proportion of clustered samples.

    The number of samples is divided by Kish's design effect, i.e., the ratio of the variance of the
    mean to that of independent samples. The quantile of Student's t distribution replaces the
    normal quantile, because the variance is estimated from few batches:

    .. math::
        n_\text{eff} = \min\left(\frac{n}{\max(1, d)}, n_\text{d}\right), \qquad
        d = \frac{n \hat\sigma^2}{\bar x (1 - \bar x)}

    If all samples are equal, the design effect cannot be estimated and is set to one. Repeated
    samples do not count as new samples: the effective number is at most ``num_distinct``,
    :math:`n_\text{d}`.

    Source: Korn and Graubard, "Confidence Intervals for Proportions with Small Expected Number of
    Positive Counts Estimated from Survey Data", 1998. Wilson's interval replaces that of Clopper
    and Pearson.
    """
    mean, variance, num_batches = _ratio(sums, sizes)
    count = np.sum(np.broadcast_arrays(sums, sizes)[1], axis=-1)
    binomial = mean * (1 - mean)
    design_effect = np.divide(
        count * (variance + data_variance), binomial, out=np.ones_like(mean), where=binomial > 0
    )
    effective = np.minimum(count / np.maximum(design_effect, 1.0), num_distinct)
    return mean, *wilson_score(mean, effective, _critical_value(num_batches, confidence))


def wilson_score(
    proportion: ArrayLike, count: ArrayLike, critical_value: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval of ``proportion`` in ``count`` independent samples."""
    p, n = np.asarray(proportion, float), np.asarray(count, float)
    spread = critical_value**2 / n
    center = (p + spread / 2) / (1 + spread)
    half_width = np.sqrt(spread * (p * (1 - p) + spread / 4)) / (1 + spread)
    return np.maximum(center - half_width, 0.0), np.minimum(center + half_width, 1.0)


def bootstrap(
    sums: ArrayLike,
    sizes: ArrayLike,
    confidence: float = 0.95,
    data_variance: float = 0.0,
    num_resamples: int = 2000,
    seed: int = 0,
) -> Bounds:
    """Bias-corrected and accelerated (BCa) bootstrap interval over batches, for skewed metrics.

    The interval is scaled by the ratio of the standard deviations with and without
    ``data_variance``.
    """
    s, n = np.broadcast_arrays(np.asarray(sums, float), np.asarray(sizes, float))
    mean, variance, num_batches = _ratio(s, n)
    if num_batches < 2 or not np.all(variance > 0):  # BCa is undefined for zero variance
        return student(s, n, confidence, data_variance)
    interval = stats.bootstrap(
        (s, n),
        lambda s, n, axis: s.sum(axis) / n.sum(axis),
        paired=True,
        axis=-1,
        n_resamples=num_resamples,
        confidence_level=confidence,
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    widening = np.sqrt(1 + data_variance / variance)
    return mean, mean + widening * (interval.low - mean), mean + widening * (interval.high - mean)


def jackknife(
    sums: ArrayLike,
    sizes: ArrayLike,
    function: Callable[[NDArray[np.float64]], float],
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    r"""Student's t interval of a function of means, such as a correlation, by the jackknife.

    .. math::
        \hat\theta = f(\bar{\mathbf x}) \pm t_{k-1} \hat\sigma, \qquad
        \hat\sigma^2 = \frac{k-1}{k} \sum_i (\hat\theta_{(i)} - \bar\theta)^2

    :math:`\hat\theta_{(i)}` is computed without the :math:`i`-th cluster, and :math:`\bar\theta` is
    the mean of these values. Batches that repeat the same data belong to one cluster.

    Source: Efron and Stein, "The Jackknife Estimate of Variance", 1981.

    Parameters
    ----------
    sums : [num_clusters, n]
        Sum of the components over the samples of each cluster
    sizes : [num_clusters]
        Number of samples of each cluster
    function : callable
        Function of the means [n]
    confidence : `float`
        Confidence level of the interval
    """
    # Extended precision, because functions such as a variance subtract nearly equal numbers
    s, n = np.asarray(sums, np.longdouble), np.asarray(sizes, float)
    num_clusters = len(n)
    estimate = function(s.sum(0) / n.sum())
    if num_clusters < 2:
        return estimate, math.nan, math.nan
    left = np.array([function(row) for row in (s.sum(0) - s) / (n.sum() - n)[:, None]], float)
    variance = (num_clusters - 1) / num_clusters * np.sum((left - left.mean()) ** 2)
    half_width = _critical_value(num_clusters, confidence) * math.sqrt(variance)
    return estimate, estimate - half_width, estimate + half_width


def over_seeds(
    mean: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    confidence: float = 0.95,
) -> Bounds:
    """Student's t interval over models of different training seeds.

    ``mean``, ``low`` and ``high`` of the models have shape ``[num_seeds, ...]``. If a mean is equal
    for all models, such as the accuracy of few samples, their spread gives an interval of zero
    width. The widest interval of the models replaces it.
    """
    means = np.asarray(mean, float)
    center, lower, upper = student(np.moveaxis(means, 0, -1), 1.0, confidence)
    same = np.ptp(means, axis=0) == 0
    lower = np.where(same, np.min(np.asarray(low), axis=0), lower)
    return center, lower, np.where(same, np.max(np.asarray(high), axis=0), upper)


def limited(
    mean: ArrayLike, low: ArrayLike, high: ArrayLike, limits: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of intervals within the range ``limits`` of a metric.

    A mean outside of the range shows that it is not that of the metric; its interval is not
    changed.
    """
    means, lower, upper = (np.asarray(values, float) for values in (mean, low, high))
    smallest, largest = limits
    inside = (means >= smallest) & (means <= largest)
    lower = np.where(inside, np.maximum(lower, smallest), lower)
    return lower, np.where(inside, np.minimum(upper, largest), upper)


def repetition_variance(
    sample_variance: float, num_distinct: int, num_batches: int, num_distinct_batches: int
) -> float:
    r"""Variance of a mean due to its data that is hidden by batches with repeated data.

    .. math::
        \hat\sigma_\text{d}^2 = \frac{k - k_\text{d}}{k - 1} \frac{s^2}{n_\text{d}}

    Here, :math:`k` is the number of transmitted batches, :math:`k_\text{d}` the number of distinct
    batches, :math:`n_\text{d}` the number of distinct samples, and :math:`s^2` the variance of all
    samples. The model of a sample is the sum of an effect of the data, an effect of the channel,
    which is common to a batch, and noise. The variance between batches includes a fraction
    :math:`(k_\text{d} - 1) / (k - 1)` of the variance due to the data. The result is conservative,
    because :math:`s^2` includes channel and noise.
    """
    if num_batches < 2:
        return 0.0
    share = (num_batches - num_distinct_batches) / (num_batches - 1)
    return share * sample_variance / num_distinct


def _ratio(
    sums: ArrayLike, sizes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Mean, variance of the mean between batches, and number of batches."""
    s, n = np.broadcast_arrays(np.asarray(sums, float), np.asarray(sizes, float))
    num_batches, count = s.shape[-1], n.sum(-1)
    mean = np.asarray(s.sum(-1) / count)
    if num_batches < 2:
        return mean, np.full_like(mean, np.nan), num_batches
    scatter = np.sum((s - n * mean[..., None]) ** 2, axis=-1)
    return mean, scatter * num_batches / (num_batches - 1) / count**2, num_batches


def _critical_value(num_batches: int, confidence: float) -> float:
    if num_batches < 2:
        return math.nan
    return float(stats.t.ppf((1 + confidence) / 2, num_batches - 1))
