# SPDX-License-Identifier: Apache-2.0
"""Originals and reconstructions of any real type, for arithmetic in floating point."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def as_floating(
    x: Any, x_hat: Any, names: tuple[str, str] = ("x", "x_hat")
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cast both arguments to a common floating-point type.

    The type is double precision if an argument is in double precision or has integers of 32 bits or
    more, and single precision otherwise.

    Raises
    ------
    ValueError
        If an argument is not real, integer or boolean
    """
    x, x_hat = tf.convert_to_tensor(x), tf.convert_to_tensor(x_hat)
    for name, value in zip(names, (x, x_hat), strict=True):
        known = value.dtype.is_floating or value.dtype.is_integer or value.dtype.is_bool
        if not known or value.dtype.is_quantized:
            raise ValueError(
                f"`{name}` must be real, integer or boolean. Received: dtype={value.dtype.name}"
            )
    wide = any(value.dtype.size > 4 - value.dtype.is_integer for value in (x, x_hat))
    dtype = tf.float64 if wide else tf.float32
    return tf.cast(x, dtype), tf.cast(x_hat, dtype)


def check_equal_shapes(x: tf.Tensor, x_hat: tf.Tensor) -> None:
    """Check the shapes of tensors in graphs with unknown dimensions when the graph runs.

    Other shapes are checked by the metrics. XLA does not run the check.
    """
    if not (x.shape.is_fully_defined() and x_hat.shape.is_fully_defined()):
        tf.debugging.assert_equal(tf.shape(x), tf.shape(x_hat), "shapes must be equal")


def result_type(*values: Any) -> tf.DType:
    """Double precision if one of ``values`` is in double precision, otherwise single precision."""
    double = any(tf.convert_to_tensor(value).dtype == tf.float64 for value in values)
    return tf.float64 if double else tf.float32
