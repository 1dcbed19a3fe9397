# SPDX-License-Identifier: Apache-2.0
"""Symbols of antennas on resource elements, and the dimensions of a design."""

from __future__ import annotations

import tensorflow as tf


def from_dimensions(rows: tf.Tensor, num_elements: int) -> tf.Tensor:
    """From values of all dimensions [..., fold * B * N] to complex symbols [..., B, N].

    Real values are all real parts, followed by all imaginary parts.
    """
    x = rows if rows.dtype.is_complex else tf.complex(*tf.split(rows, 2, -1))
    return tf.reshape(x, tf.concat([tf.shape(x)[:-1], [num_elements, -1]], 0))


def to_dimensions(symbols: tf.Tensor, is_complex: bool) -> tf.Tensor:
    """Undo :func:`from_dimensions` for symbols [..., B, N]."""
    flat = tf.reshape(symbols, tf.concat([tf.shape(symbols)[:-2], [-1]], 0))
    flat = tf.ensure_shape(flat, [*symbols.shape[:-2], symbols.shape[-2] * symbols.shape[-1]])
    return flat if is_complex else tf.concat([tf.math.real(flat), tf.math.imag(flat)], -1)
