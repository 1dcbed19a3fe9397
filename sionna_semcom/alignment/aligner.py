# SPDX-License-Identifier: Apache-2.0
"""Interfaces of aligners and of precoder and decoder pairs."""

from __future__ import annotations

from typing import Protocol

import tensorflow as tf


class Transceiver(Protocol):
    """Precoder and decoder for the channels of ``G`` groups of latents.

    All latents of a group use the same channel with ``B`` resource elements.
    """

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [G, L, d] to antenna symbols [G, L, B, N_T]."""

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [G, L, B, N_R] to the receiver's latents [G, L, m]."""


class Design(Protocol):
    """Interface of all aligners: design a precoder and decoder pair for channels."""

    def design(
        self, h: tf.Tensor, no: tf.Tensor, error_variance: tf.Tensor | float = 0.0
    ) -> Transceiver:
        """Design for channels ``h`` [G, B, N_R, N_T] with noise power ``no``.

        ``error_variance`` is the variance of the errors of the coefficients of ``h``, [G, B] or a
        scalar. Aligners without a robust design ignore it.
        """


def to_complex(latents: tf.Tensor) -> tf.Tensor:
    """Pair the first half of the features with the second half: [..., d] to [..., ceil(d/2)]."""
    if latents.shape[-1] % 2:
        latents = tf.concat([latents, tf.zeros_like(latents[..., :1])], -1)
    return tf.complex(*tf.split(latents, 2, -1))


def to_real(latents: tf.Tensor, size: int) -> tf.Tensor:
    """Undo :func:`to_complex` for latents with ``size`` features."""
    return tf.concat([tf.math.real(latents), tf.math.imag(latents)], -1)[..., :size]


def by_row(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Product of rows [..., n] with one matrix [n, k], as a single product of two real matrices.

    A complex product is computed as a real product of twice the size. It has as many operations,
    but is four times faster on CPUs.
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
