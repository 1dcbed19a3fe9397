# SPDX-License-Identifier: Apache-2.0
"""Precoders of a base station that serves several users at once."""

from __future__ import annotations

import tensorflow as tf

from ..ofdm.precoding import rzf_matrix


def orthonormalized(matrices: tf.Tensor) -> tf.Tensor:
    r"""The closest matrices with orthonormal columns.

    .. math:: \mathbf{W}(\mathbf{W}^\mathsf{H}\mathbf{W})^{-1/2}

    They span the same space, and change smoothly where ``matrices`` do, unlike singular vectors.

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
    floor = 1e-6 * tf.reduce_max(values, -1, keepdims=True)  # of rounding
    scales = tf.cast(tf.math.rsqrt(tf.maximum(values, tf.maximum(floor, 1e-30))), vectors.dtype)
    inverse_root = tf.matmul(vectors * scales[..., tf.newaxis, :], vectors, adjoint_b=True)
    return matrices @ inverse_root


def block_diagonal_matrix(h: tf.Tensor, num_users: int) -> tf.Tensor:
    r"""Block diagonalization with equal power on all beams.

    .. math::

        \mathbf{H}_j\mathbf{G}_k = \mathbf{0} \quad (j \ne k), \qquad
        \mathbf{G}_k^\mathsf{H}\mathbf{G}_k = \tfrac{1}{KS}\mathbf{I}

    The columns of the pseudo-inverse of :math:`\mathbf{H}` that belong to user :math:`k` span what
    of the space of its own channel others do not see (Spencer, Swindlehurst, Haardt 2004, with one
    stream for each terminal antenna); :math:`\mathbf{G}_k` is their polar factor.

    Input
    -----
    h : [..., num_users * num_rx_ant, num_tx_ant], `tf.complex`
        Channel of all users, no more terminal antennas than antennas of the base station

    num_users : `int`
        Users

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
