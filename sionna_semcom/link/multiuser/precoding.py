# SPDX-License-Identifier: Apache-2.0
"""Precoders of a base station that serves several users on the same resource elements."""

from __future__ import annotations

import tensorflow as tf

from ..ofdm.precoding import rzf_matrix


def orthonormalized(matrices: tf.Tensor) -> tf.Tensor:
    r"""Closest matrices with orthonormal columns.

    .. math:: \mathbf{W}(\mathbf{W}^\mathsf{H}\mathbf{W})^{-1/2}

    They span the same space. Unlike singular vectors, they vary smoothly if ``matrices`` vary
    smoothly.

    Input
    -----
    matrices : [..., num_rows, num_columns], `tf.complex`
        Matrices of full column rank

    Output
    ------
    : as ``matrices``
        Polar factors
    """
    values, vectors = tf.linalg.eigh(tf.matmul(matrices, matrices, adjoint_a=True))
    values = tf.math.real(values)
    floor = 1e-6 * tf.reduce_max(values, -1, keepdims=True)  # limits rounding errors
    scales = tf.cast(tf.math.rsqrt(tf.maximum(values, tf.maximum(floor, 1e-30))), vectors.dtype)
    inverse_root = tf.matmul(vectors * scales[..., tf.newaxis, :], vectors, adjoint_b=True)
    return matrices @ inverse_root


def block_diagonal_matrix(h: tf.Tensor, num_users: int) -> tf.Tensor:
    r"""Block diagonalization with equal power of all streams.

    .. math::

        \mathbf{H}_j\mathbf{G}_k = \mathbf{0} \quad (j \ne k), \qquad
        \mathbf{G}_k^\mathsf{H}\mathbf{G}_k = \tfrac{1}{KS}\mathbf{I}

    as in Spencer, Swindlehurst, Haardt, "Zero-forcing methods for downlink spatial multiplexing in
    multiuser MIMO channels", 2004, with one stream per terminal antenna. The columns of the
    pseudo-inverse of :math:`\mathbf{H}` that belong to user :math:`k` are in the null space of the
    channels of the other users. :math:`\mathbf{G}_k` is proportional to their polar factor.

    Input
    -----
    h : [..., num_users * num_rx_ant, num_tx_ant], `tf.complex`
        Channel of all users, with at most as many terminal antennas as base station antennas

    num_users : `int`
        Number of users

    Output
    ------
    : [..., num_tx_ant, num_users * num_rx_ant], `tf.complex`
        Precoding matrix
    """
    streams = h.shape[-2]
    zeros = rzf_matrix(h, tf.zeros([], h.dtype.real_dtype))
    by_user = tf.split(zeros, num_users, axis=-1)
    beams = tf.concat([orthonormalized(part) for part in by_user], -1)
    return beams / tf.cast(streams**0.5, h.dtype)
