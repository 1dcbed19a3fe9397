# SPDX-License-Identifier: Apache-2.0
"""Vectors whose squares neither overflow nor vanish."""

from __future__ import annotations

import keras
from keras import ops

SMALLEST, LARGEST = 1e-6, 1e9
"""Magnitudes whose squares, and sums of them, single precision holds without loss"""


def in_range(x: keras.KerasTensor, axis: int = -1) -> keras.KerasTensor:
    """Divide ``x`` by its largest magnitude along ``axis`` where that is tiny or huge.

    What is in range, or zero, comes back bit for bit. NaN or infinity makes all entries of its
    row NaN.
    """
    largest = ops.stop_gradient(ops.max(ops.abs(x), axis=axis, keepdims=True))
    usual = ops.logical_and(largest >= SMALLEST, largest <= LARGEST)
    kept = ops.logical_or(usual, largest == 0)
    scale = ops.where(kept, ops.ones_like(largest), largest)
    return ops.where(ops.isfinite(largest), x, float("nan")) / scale
