# SPDX-License-Identifier: Apache-2.0
"""Paired differences between curves with common channels."""

from __future__ import annotations

import numpy as np

from ..._messages import listed, shortened
from . import intervals
from .curves import Curve, Metric


def paired_difference(first: Curve, second: Curve, name: str, confidence: float = 0.95) -> Metric:
    r"""Difference of a metric between two curves, paired by point and training seed.

    If both curves use the same channels and data (``evaluation.common_channels`` of a study), their
    common contributions cancel within each training seed. The Student's t interval is over the
    differences of the seeds, and often much narrower than the intervals of the curves.

    Parameters
    ----------
    first, second : :class:`Curve`
        Curves with the same points and training seeds
    name : `str`
        Metric
    confidence : `float`
        Confidence level of the interval

    Output
    ------
    : :class:`Metric`
        Differences ``first - second``

    Raises
    ------
    ValueError
        If a curve does not have the metric or has only one seed, or axes, points or seeds
        differ
    """
    found = []
    for curve in (first, second):
        metric = curve.metrics.get(name)
        if metric is None or metric.per_seed is None:
            raise ValueError(
                f"Both curves must have the metric {name!r} of several training seeds. Received: "
                f"{'one seed' if metric else 'only ' + listed(curve.metrics, 20)}"
            )
        found.append(metric)
    one, other = (np.asarray(metric.per_seed) for metric in found)
    if first.axis != second.axis:
        raise ValueError(
            f"Both curves must have the same axis. Received: {first.axis} and {second.axis}"
        )
    if one.shape != other.shape or not np.array_equal(first.x, second.x):
        raise ValueError(
            "Both curves must have the same points and number of seeds. Received: "
            f"{one.shape[1]} points of {one.shape[0]} seeds and {other.shape[1]} of "
            f"{other.shape[0]}, at {shortened(first.x.tolist())} and {shortened(second.x.tolist())}"
        )
    differences = one - other
    mean, low, high = intervals.student(differences.T, 1.0, confidence)
    count = np.minimum(found[0].count, found[1].count)
    return Metric(mean, low, high, count, per_seed=differences)
