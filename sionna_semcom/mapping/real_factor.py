# SPDX-License-Identifier: Apache-2.0
"""Real factors of complex tensors."""

from __future__ import annotations

import tensorflow as tf


def as_complex(values: tf.Tensor) -> tf.Tensor:
    """Complex tensor with real part ``values`` and imaginary part zero.

    The values are those of `tf.cast`. The gradient is the real part of the complex gradient, too,
    but TensorFlow logs a warning for each gradient of a cast to complex numbers.
    """
    return tf.complex(values, tf.zeros_like(values))
