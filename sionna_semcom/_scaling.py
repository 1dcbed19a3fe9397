# SPDX-License-Identifier: Apache-2.0
"""Scaling of vectors against overflow and underflow of their squares."""

from __future__ import annotations

import keras
from keras import ops

SMALLEST, LARGEST = 1e-6, 1e9
"""Range of magnitudes whose squares, and sums of squares, are accurate in single precision"""


def in_range(x: keras.KerasTensor, axis: int = -1) -> keras.KerasTensor:
    """Divide ``x`` by its largest magnitude along ``axis``, if that is outside the accurate range.

    Vectors within the range, and zero vectors, are returned unchanged. All entries of a vector that
    contains NaN or infinity become NaN.

    Parameters
    ----------
    x : [..., n], `float`
        Vectors
    axis : `int`
        Axis of the entries

    Output
    ------
    : [..., n], `float`
        Vectors with the same direction. The scale is treated as a constant by gradients.
    """
    largest = ops.stop_gradient(ops.max(ops.abs(x), axis=axis, keepdims=True))
    usual = ops.logical_and(largest >= SMALLEST, largest <= LARGEST)
    kept = ops.logical_or(usual, largest == 0)
    scale = ops.where(kept, ops.ones_like(largest), largest)
    return ops.where(ops.isfinite(largest), x, float("nan")) / scale
