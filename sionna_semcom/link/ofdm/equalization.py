# SPDX-License-Identifier: Apache-2.0
"""Equalisers for one transmitter and one receiver."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.mimo import StreamManagement, mf_equalizer, zf_equalizer
from sionna.phy.ofdm import OFDMEqualizer, ResourceGrid

from .settings import OFDMSettings

NOISE_FLOOR = 1e-6  # less noise than this drowns in the rounding errors of single precision
MIN_GAIN = 1e-12  # keeps a stream finite that has no channel at all


def diagonal_lmmse_equalizer(
    y: tf.Tensor, h: tf.Tensor, s: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Unbiased LMMSE equaliser for noise that is uncorrelated between antennas.

    .. math::

        \mathbf{A} = \mathbf{H}^\mathsf{H}\mathbf{S}^{-1}\mathbf{H}, \qquad
        \mathbf{E} = (\mathbf{A} + \mathbf{I})^{-1}, \qquad
        \hat{x}_k = \frac{[\mathbf{E}\mathbf{H}^\mathsf{H}\mathbf{S}^{-1}\mathbf{y}]_k}
                         {[\mathbf{E}\mathbf{A}]_{kk}}, \qquad
        \sigma_k^2 = \frac{E_{kk}}{[\mathbf{E}\mathbf{A}]_{kk}}

    Equal to :func:`~sionna.phy.mimo.lmmse_equalizer` for a diagonal :math:`\mathbf{S}`, for which
    whitening is a division. It then factorises one small matrix, of the streams, and the noise
    left keeps its precision at any SNR, as no two nearly equal numbers are subtracted.

    Input
    -----
    y : [..., num_rx_ant], `tf.complex`
        Received signals

    h : [..., num_rx_ant, num_streams], `tf.complex`
        Channel matrices

    s : [..., num_rx_ant, num_rx_ant], `tf.complex`
        Noise covariance matrices; only the diagonal counts

    Output
    ------
    x_hat : [..., num_streams], `tf.complex`
        Estimated symbols

    no_eff : [..., num_streams], `tf.float`
        Noise power left on them
    """
    noise = tf.maximum(tf.math.real(tf.linalg.diag_part(s)), NOISE_FLOOR)
    whitening = tf.cast(tf.math.rsqrt(noise), h.dtype)
    y, h = whitening * y, whitening[..., tf.newaxis] * h
    gram = tf.matmul(h, h, adjoint_a=True)
    identity = tf.eye(h.shape[-1], batch_shape=tf.shape(gram)[:-2], dtype=h.dtype)
    error = tf.linalg.cholesky_solve(tf.linalg.cholesky(gram + identity), identity)
    mse = tf.math.real(tf.linalg.diag_part(error))
    # E and A commute and are Hermitian, so the diagonal of their product is real
    gain = tf.math.real(tf.reduce_sum(error * tf.math.conj(gram), axis=-1))
    gain = tf.maximum(gain, MIN_GAIN)
    x_lmmse = tf.linalg.matvec(error, tf.linalg.matvec(h, y, adjoint_a=True))
    return x_lmmse / tf.cast(gain, h.dtype), mse / gain


def make_equalizer(settings: OFDMSettings, resource_grid: ResourceGrid) -> OFDMEqualizer:
    """The equaliser of ``settings`` over a resource grid."""
    functions = {"lmmse": diagonal_lmmse_equalizer, "zf": zf_equalizer, "mf": mf_equalizer}
    streams = StreamManagement(np.array([[1]]), settings.streams)
    return OFDMEqualizer(functions[settings.equalizer], resource_grid, streams)
