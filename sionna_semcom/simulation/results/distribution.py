# SPDX-License-Identifier: Apache-2.0
"""Distributions of metrics over samples or drops: outage, percentiles and CDFs with intervals.

Samples of the same drop are not independent, but drops are. Intervals of proportions are Wilson
intervals with a design effect for drops
(:func:`~sionna_semcom.simulation.results.intervals.wilson`). Intervals of percentiles are
bootstrap percentile intervals, which resample drops with replacement. Records of several training
seeds are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._messages import listed, shortened
from . import intervals
from .curves import Curve, Metric
from .records import Records

Floats = NDArray[np.float64]
Estimator = Callable[[Floats, Floats], tuple[float, float, float]]
RESAMPLES = 1000
_CHUNK = 2**22  # values per block of the bootstrap, 32 MiB


class CDF(NamedTuple):
    """Empirical CDF over samples or drops, with its confidence interval."""

    value: Floats
    """[num_values], values in ascending order."""
    share: Floats
    """[num_values], proportion of samples or drops that do not exceed the value."""
    ci_low: Floats
    """[num_values]."""
    ci_high: Floats
    """[num_values]."""


def cdf(
    curve: Curve,
    metric: str,
    x: float,
    per_drop: bool = False,
    confidence: float = 0.95,
    num_values: int = 200,
) -> CDF:
    """Cumulative distribution function (CDF) of a metric at one point.

    Parameters
    ----------
    curve : :class:`Curve`
        Curve with records
    metric : `str`
        Metric
    x : `float`
        Point on the axis of the curve
    per_drop : `bool`
        If `True`, the distribution is over drops, with the mean over the samples of each drop. By
        default it is over samples.
    confidence : `float`
        Confidence level of the interval at each value
    num_values : `int`
        Maximum number of values of the CDF

    Output
    ------
    : :class:`CDF`
        Values, CDF and interval

    Raises
    ------
    ValueError
        If the curve has no records, no such metric, or no point at ``x``; or if ``confidence`` is
        not between 0 and 1
    """
    _check_confidence(confidence)
    values, groups = _samples(_at(curve, x), metric, per_drop)
    shown = np.unique(np.quantile(values, np.linspace(0, 1, num_values), method="inverted_cdf"))
    share, low, high = _shares(values[:, np.newaxis] <= shown, groups, confidence)
    return CDF(shown, share, low, high)


def outage(
    curve: Curve,
    metric: str,
    *,
    below: float | None = None,
    above: float | None = None,
    per_drop: bool = False,
    confidence: float = 0.95,
) -> Metric:
    """Proportion of samples or drops whose metric is below or above a threshold, at each point.

    Parameters
    ----------
    curve, metric, per_drop, confidence
        See :func:`cdf`
    below, above : `float`
        Threshold. Exactly one must be given.

    Output
    ------
    : :class:`Metric`
        Outage at each point of the curve

    Raises
    ------
    ValueError
        See :func:`cdf`; or if not exactly one threshold is given, or it is NaN
    """
    given = [limit for limit in (below, above) if limit is not None]
    if len(given) != 1 or np.isnan(given[0]):
        raise ValueError(
            f"outage needs either `below` or `above`. Received: below={below}, above={above}"
        )
    _check_confidence(confidence)
    threshold = np.float32(given[0])  # records are in single precision

    def estimate(values: Floats, groups: Floats) -> tuple[float, float, float]:
        single = values.astype(np.float32)
        out = single > threshold if below is None else single < threshold
        share, low, high = _shares(out[:, np.newaxis], groups, confidence)
        return float(share[0]), float(low[0]), float(high[0])

    return _along(curve, metric, per_drop, estimate, True)


def percentile(
    curve: Curve,
    metric: str,
    percent: float,
    per_drop: bool = False,
    confidence: float = 0.95,
    seed: int = 0,
) -> Metric:
    """Percentile of a metric over samples or drops, at each point.

    Parameters
    ----------
    curve, metric, per_drop, confidence
        See :func:`cdf`
    percent : `float`
        Percentage of samples or drops below the percentile, between 0 and 100
    seed : `int`
        Seed of the bootstrap; a single drop has no interval (NaN)

    Output
    ------
    : :class:`Metric`
        Percentile at each point of the curve

    Raises
    ------
    ValueError
        See :func:`cdf`; or if ``percent`` is not between 0 and 100
    """
    if not 0.0 < percent < 100.0:
        raise ValueError(f"`percent` must be between 0 and 100. Received: {percent}")
    _check_confidence(confidence)

    def estimate(values: Floats, groups: Floats) -> tuple[float, float, float]:
        here = float(np.quantile(values, percent / 100.0, method="inverted_cdf"))
        if np.ptp(groups) == 0:  # the bootstrap needs several drops
            return here, np.nan, np.nan
        order = np.argsort(values)
        _, numbers = np.unique(groups[order], return_inverse=True)
        drawn = _resampled(values[order], numbers, percent / 100.0, np.random.default_rng(seed))
        tails = 50.0 * (1.0 - confidence), 50.0 * (1.0 + confidence)
        low, high = (float(end) for end in np.percentile(drawn, tails))
        return here, low, high

    return _along(curve, metric, per_drop, estimate)


def distribution_curve(
    curve: Curve,
    metric: str,
    percents: Sequence[float] = (5.0, 50.0, 95.0),
    *,
    below: float | None = None,
    above: float | None = None,
    per_drop: bool = False,
) -> Curve:
    """Curve of percentiles of a metric, and of its outage if a threshold is given.

    See :func:`percentile` and :func:`outage`. The curve can be shown in tables and figures.

    Parameters
    ----------
    curve : :class:`Curve`
        Curve with records
    metric : `str`
        Metric
    percents : sequence of `float`
        Percentages of the percentiles
    below, above : `None` | `float`
        Threshold of the outage; at most one of them
    per_drop : `bool`
        Whether drops are counted instead of samples, with the mean over their samples

    Output
    ------
    : :class:`Curve`
        Curve with a metric for each percentile, and for the outage
    """
    found = {
        f"{metric}_percentile_{percent:g}": percentile(curve, metric, percent, per_drop)
        for percent in percents
    }
    if below is not None or above is not None:
        limits = {"below": below, "above": above}
        said = "_".join(f"{name}_{value:g}" for name, value in limits.items() if value is not None)
        found[f"outage_{metric}_{said}"] = outage(
            curve, metric, below=below, above=above, per_drop=per_drop
        )
    return replace(curve, metrics=found, summary={}, point_summaries={}, records=None)


def _along(
    curve: Curve, metric: str, per_drop: bool, estimate: Estimator, proportion: bool = False
) -> Metric:
    records, rows, counts = _records(curve), [], []
    for point in range(len(curve.x)):
        here = records.at(point)
        rows.append(estimate(*_samples(here, metric, per_drop)))
        counts.append(len(here))
    mean, low, high = np.array(rows).T
    return Metric(mean, low, high, np.array(counts), proportion)


def _check_confidence(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"`confidence` must be between 0 and 1. Received: {confidence}")


def _records(curve: Curve) -> Records:
    if curve.records is None:
        raise ValueError(
            "distributions need records: set `evaluation.records` of the study, or `records` of "
            "sim_metrics. Received: a curve without"
        )
    return curve.records


def _at(curve: Curve, x: float) -> Records:
    points = np.flatnonzero(np.isclose(curve.x, x, rtol=1e-9, atol=1e-9))
    if len(points) != 1:
        raise ValueError(
            f"there must be a point at {x:g}; there are {shortened(curve.x.tolist())}. "
            f"Received: {len(points)} of them"
        )
    return _records(curve).at(int(points[0]))


def _samples(records: Records, metric: str, per_drop: bool) -> tuple[Floats, Floats]:
    """Values of a metric, and the cluster of each value.

    Samples with equal numbers of a drop are one cluster, also from different seeds: their channels
    may be different ones, but batches repeat the same data for each seed.
    """
    if metric not in records.values:
        raise ValueError(
            f"There is no metric {shortened(metric)}, only {listed(records.values, 40)}"
        )
    values = np.asarray(records.values[metric], float)
    if not len(values):
        raise ValueError("a point must have records. Received: none")
    if not per_drop:
        return values, records.drop
    _, first, numbers, counts = np.unique(
        records.channels, return_index=True, return_inverse=True, return_counts=True
    )
    return np.bincount(numbers, values) / counts, records.drop[first]


def _shares(holds: NDArray[np.bool_], groups: Floats, confidence: float) -> intervals.Bounds:
    """Proportions of ``holds`` [num_samples, num_values] for samples in clusters ``groups``."""
    order = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[order], return_index=True, return_counts=True)
    sums = np.add.reduceat(holds[order].astype(float), starts, axis=0)
    return intervals.wilson(sums.T, sizes, confidence)


def _resampled(
    values: Floats, groups: NDArray[np.int64], share: float, rng: np.random.Generator
) -> Floats:
    """Bootstrap quantiles of sorted ``values``, whose groups are drawn with replacement."""
    num_groups = int(groups.max()) + 1
    uniform = np.full(num_groups, 1.0 / num_groups)
    rows, found = max(1, _CHUNK // len(values)), []
    for start in range(0, RESAMPLES, rows):
        times = rng.multinomial(num_groups, uniform, size=min(rows, RESAMPLES - start))
        reached = np.cumsum(times[:, groups], axis=1)
        wanted = share * reached[:, -1:]
        found.append(values[np.argmax(reached >= wanted, axis=1)])
    return np.concatenate(found)
