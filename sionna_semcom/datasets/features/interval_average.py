# SPDX-License-Identifier: Apache-2.0
"""Alignment of sequences in time."""

from __future__ import annotations

import numpy as np


def interval_average(
    targets: np.ndarray, intervals: np.ndarray, features: np.ndarray
) -> np.ndarray:
    r"""Mean of the frames that overlap each interval in time, weighted by the overlap.

    .. math::
        \bar{f}_w = \frac{\sum_t o_{wt} f_t}{\sum_t o_{wt}}, \quad
        o_{wt} = \max\bigl(0, \min(e_w, e_t) - \max(b_w, b_t)\bigr)

    over the frames with finite :math:`f_t`, separately for each feature. If no frame overlaps, the
    mean is over frames without duration in :math:`[b_w, e_w)`, or over frames that contain an
    interval without duration, :math:`b_w = e_w`.

    Input
    -----
    targets : [W, 2], `float`
        Start :math:`b_w` and end :math:`e_w` of each interval
    intervals : [T, 2], `float`
        Start :math:`b_t` and end :math:`e_t` of each frame
    features : [T, D], `float`
        Features of the frames

    Output
    ------
    : [W, D], `float32`
        Means; NaN if there is no finite frame
    """
    if not len(targets):
        return np.zeros((0, features.shape[1]), np.float32)
    near = (intervals[:, 0] <= targets[:, 1].max()) & (intervals[:, 1] >= targets[:, 0].min())
    with np.errstate(invalid="ignore"):  # excludes NaN
        intervals, features = intervals[near], features[near].astype(np.float64)
    begin = np.maximum(targets[:, None, 0], intervals[None, :, 0])
    end = np.minimum(targets[:, None, 1], intervals[None, :, 1])
    overlap = np.maximum(end - begin, 0)
    finite = np.isfinite(features)
    total = overlap @ np.where(finite, features, 0)
    weight = overlap @ finite
    if (weight == 0).any():
        touches = _touches(targets, intervals, begin, end).astype(np.float64)
        total = np.where(weight > 0, total, touches @ np.where(finite, features, 0))
        weight = np.where(weight > 0, weight, touches @ finite)
    mean = np.divide(total, weight, where=weight > 0, out=np.full_like(total, np.nan))
    return mean.astype(np.float32)


def _touches(
    targets: np.ndarray, intervals: np.ndarray, begin: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Pairs [W, T] with a common instant, where an interval or frame has no duration.

    ``begin`` and ``end`` [W, T] are the limits of the intersections. Ends are exclusive.
    """
    at_end = np.zeros(begin.shape, bool)
    instant = np.zeros(begin.shape, bool)
    for edges in (targets[:, None], intervals[None]):
        is_instant = edges[..., 0] == edges[..., 1]
        instant |= is_instant
        at_end |= ~is_instant & (begin == edges[..., 1])
    return instant & (begin == end) & ~at_end
