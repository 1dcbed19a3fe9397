# SPDX-License-Identifier: Apache-2.0
"""Eigenmodes of a block-diagonal MIMO channel."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from ...channel.noise import at_least, check_finite, energy, noise_power

NOISE_FLOOR = 1e-10  # relative to the energy of a coefficient


class ChannelModes(NamedTuple):
    r"""Eigenmodes of the channels of :math:`B` resource elements.

    Parameters
    ----------
    gains : [..., B, n], `tf.float`
        Squared singular values, descending in each resource element; :math:`n=\min(N_R, N_T)`
    transmit : [..., B, N_T, n], `tf.complex`
        Right singular vectors :math:`\mathbf{V}`
    receive : [..., B, N_R, n], `tf.complex`
        :math:`\mathbf{H}\mathbf{V}`: orthogonal columns whose squared norms are the gains
    """

    gains: tf.Tensor
    transmit: tf.Tensor
    receive: tf.Tensor


def channel_modes(h: tf.Tensor) -> ChannelModes:
    """Eigenmodes of ``h`` [..., B, N_R, N_T], by the smaller of its two Gram matrices.

    The function is differentiable with respect to ``h``, also in graph mode and with XLA, which has
    no complex SVD. Modes that are weaker than the strongest mode by more than the numerical
    precision (60 dB in single precision) are lost in rounding errors.

    Input
    -----
    h : [..., B, N_R, N_T], `tf.complex`
        Channels

    Output
    ------
    : `ChannelModes`
        Singular values and singular vectors, strongest first
    """
    num_rx_ant, num_tx_ant = h.shape[-2:]
    if num_tx_ant <= num_rx_ant:
        _, transmit = tf.linalg.eigh(tf.matmul(h, h, adjoint_a=True))
        transmit = tf.reverse(transmit, [-1])
    else:
        _, left = tf.linalg.eigh(tf.matmul(h, h, adjoint_b=True))
        transmit = _unit_columns(tf.reverse(tf.matmul(h, left, adjoint_a=True), [-1]))
    receive = tf.matmul(h, transmit)
    gains = tf.reduce_sum(energy(receive), -2)
    return ChannelModes(gains, transmit, receive)


def design_noise(no: tf.Tensor | float, h: tf.Tensor) -> tf.Tensor:
    """Noise power for the design on channels ``h`` [..., B, N_R, N_T], [] or [...].

    For a noiseless channel, a small noise power is used, because the SNR would be infinite.

    Raises
    ------
    ValueError
        If ``no`` or ``h`` is not finite, or ``no`` is negative
    """
    check_finite(h=h)
    no = noise_power(no, h.dtype.real_dtype)
    return at_least(no, mean_energy(h), NOISE_FLOOR)


def mean_energy(h: tf.Tensor) -> tf.Tensor:
    """Mean energy of a coefficient of ``h`` [..., B, N_R, N_T]: [...]."""
    return tf.reduce_mean(energy(h), (-3, -2, -1))


def _unit_columns(matrix: tf.Tensor) -> tf.Tensor:
    """Columns scaled to unit norm. Zero columns remain zero, with zero gradient."""
    squares = tf.reduce_sum(energy(matrix), -2, keepdims=True)
    used = squares > 0
    scale = tf.where(used, tf.math.rsqrt(tf.where(used, squares, 1.0)), 0.0)
    return matrix * tf.cast(scale, matrix.dtype)
