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

    over the frames whose :math:`f_t` is finite, for each feature by itself. Where none overlaps, it
    is the mean of those that the interval touches although one of the two has no duration: frames
    at an instant in :math:`[b_w, e_w)`, or those that an instant :math:`b_w = e_w` lies in.

    Input
    -----
    targets : [W, 2], `float`
        Begin :math:`b_w` and end :math:`e_w` of each interval
    intervals : [T, 2], `float`
        Begin :math:`b_t` and end :math:`e_t` of each frame
    features : [T, D], `float`
        Features of the frames

    Output
    ------
    : [W, D], `float32`
        Means; NaN where there is no frame, or none that is finite
    """
    if not len(targets):
        return np.zeros((0, features.shape[1]), np.float32)
    near = (intervals[:, 0] <= targets[:, 1].max()) & (intervals[:, 1] >= targets[:, 0].min())
    with np.errstate(invalid="ignore"):  # NaN is left out
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
    """Which pairs [W, T] have an instant in common, as one of them or both are no longer.

    ``begin`` and ``end`` [W, T] are those of what they have in common. Ends are exclusive.
    """
    at_end = np.zeros(begin.shape, bool)
    instant = np.zeros(begin.shape, bool)
    for edges in (targets[:, None], intervals[None]):
        is_instant = edges[..., 0] == edges[..., 1]
        instant |= is_instant
        at_end |= ~is_instant & (begin == edges[..., 1])
    return instant & (begin == end) & ~at_end
