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

    over the frames whose :math:`f_t` is finite, for each feature by itself.

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
        Means; zero where no frame overlaps, NaN where none of those that do is finite
    """
    if not len(targets):
        return np.zeros((0, features.shape[1]), np.float32)
    near = (intervals[:, 0] < targets[:, 1].max()) & (intervals[:, 1] > targets[:, 0].min())
    intervals, features = intervals[near], features[near].astype(np.float64)
    begin = np.maximum(targets[:, None, 0], intervals[None, :, 0])
    end = np.minimum(targets[:, None, 1], intervals[None, :, 1])
    overlap = np.maximum(end - begin, 0)
    finite = np.isfinite(features)
    total = overlap @ np.where(finite, features, 0)
    weight = overlap @ finite
    missing = np.where(overlap.sum(1, keepdims=True) > 0, np.nan, 0.0)
    mean = np.divide(
        total, weight, where=weight > 0, out=np.broadcast_to(missing, total.shape).copy()
    )
    return mean.astype(np.float32)
