# SPDX-License-Identifier: Apache-2.0
"""What a transmitter and a receiver do once a channel is known."""

from __future__ import annotations

from typing import Protocol

import tensorflow as tf


class Transceiver(Protocol):
    """A precoder and a decoder, designed for the channels of ``G`` groups of latents.

    All latents of a group cross the same channel, of ``B`` resource elements.
    """

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [G, L, d] to antenna symbols [G, L, B, N_T]."""

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [G, L, B, N_R] to the receiver's latents [G, L, m]."""


class Design(Protocol):
    """What every aligner can do: design a pair for channels."""

    def design(
        self, h: tf.Tensor, no: tf.Tensor, error_variance: tf.Tensor | float = 0.0
    ) -> Transceiver:
        """Design for channels ``h`` [G, B, N_R, N_T] in noise of power ``no``.

        ``error_variance`` is the variance of the errors on the coefficients of ``h``, [G, B] or a
        scalar; aligners that have no robust design ignore it.
        """


def to_complex(latents: tf.Tensor) -> tf.Tensor:
    """Pair the first half of the features with the second: [..., d] to [..., ceil(d/2)]."""
    if latents.shape[-1] % 2:
        latents = tf.concat([latents, tf.zeros_like(latents[..., :1])], -1)
    return tf.complex(*tf.split(latents, 2, -1))


def to_real(latents: tf.Tensor, size: int) -> tf.Tensor:
    """Undo :func:`to_complex` for latents of ``size`` features."""
    return tf.concat([tf.math.real(latents), tf.math.imag(latents)], -1)[..., :size]


def by_row(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Product of rows [..., n] with one matrix [n, k], as a single product of two real matrices.

    A complex one is a real one of twice the size, with as many operations; CPUs do it four times
    faster.
    """
    flat = tf.reshape(rows, [-1, rows.shape[-1]])
    if flat.dtype.is_complex:
        real, imag = tf.math.real(matrix), tf.math.imag(matrix)
        stacked = tf.concat([tf.concat([real, imag], 1), tf.concat([-imag, real], 1)], 0)
        parts = tf.matmul(tf.concat([tf.math.real(flat), tf.math.imag(flat)], 1), stacked)
        product = tf.complex(*tf.split(parts, 2, 1))
    else:
        product = tf.matmul(flat, matrix)
    return tf.reshape(product, tf.concat([tf.shape(rows)[:-1], product.shape[-1:]], 0))
