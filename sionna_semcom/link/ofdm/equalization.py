# SPDX-License-Identifier: Apache-2.0
"""Equalizers for one transmitter and one receiver."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf
from sionna.phy.mimo import StreamManagement, mf_equalizer, zf_equalizer
from sionna.phy.ofdm import OFDMEqualizer, ResourceGrid

from ...channel.noise import antenna_energy, at_least
from .settings import OFDMSettings

NOISE_FLOOR = 2.5e-7  # of a channel's energy: less noise drowns in the rounding of single precision
MIN_GAIN = 1e-12  # stands for the gain of a stream that has no channel at all


def error_matrix(gram: tf.Tensor) -> tf.Tensor:
    r"""Error covariance :math:`(\mathbf{A} + \mathbf{I})^{-1}` of LMMSE estimates of the streams.

    Written out for one and two streams, the usual numbers: thousands of small factorizations take
    longer than all of the rest of an equalizer. The determinant is
    :math:`1 + \mathrm{tr}\,\mathbf{A} + \det\mathbf{A}` with no term below zero, so that rounding
    cannot make a matrix without full rank singular.

    Input
    -----
    gram : [..., num_streams, num_streams], `tf.complex`
        Gram matrices :math:`\mathbf{A}` of the whitened channel

    Output
    ------
    : as ``gram``
        Error covariance matrices
    """
    num_streams = gram.shape[-1]
    if num_streams == 1:
        return 1.0 / (gram + 1.0)
    if num_streams > 2:
        identity = tf.eye(num_streams, batch_shape=tf.shape(gram)[:-2], dtype=gram.dtype)
        return tf.linalg.cholesky_solve(tf.linalg.cholesky(gram + identity), identity)
    first, second, cross = gram[..., 0, 0], gram[..., 1, 1], gram[..., 0, 1]
    a, d = tf.math.real(first), tf.math.real(second)
    det = tf.maximum(a * d - tf.math.real(cross * tf.math.conj(cross)), 0.0)
    rows = [second + 1.0, -cross], [-tf.math.conj(cross), first + 1.0]
    adjugate = tf.stack([tf.stack(row, axis=-1) for row in rows], axis=-2)
    return adjugate / tf.cast(1.0 + a + d + det, gram.dtype)[..., tf.newaxis, tf.newaxis]


def diagonal_lmmse_equalizer(
    y: tf.Tensor, h: tf.Tensor, s: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Unbiased LMMSE equalizer for noise that is uncorrelated between antennas.

    .. math::

        \mathbf{A} = \mathbf{H}^\mathsf{H}\mathbf{S}^{-1}\mathbf{H}, \qquad
        \mathbf{E} = (\mathbf{A} + \mathbf{I})^{-1}, \qquad
        \hat{x}_k = \frac{[\mathbf{E}\mathbf{H}^\mathsf{H}\mathbf{S}^{-1}\mathbf{y}]_k}
                         {[\mathbf{E}\mathbf{A}]_{kk}}, \qquad
        \sigma_k^2 = \frac{E_{kk}}{[\mathbf{E}\mathbf{A}]_{kk}}

    Equal to :func:`~sionna.phy.mimo.lmmse_equalizer` for a diagonal :math:`\mathbf{S}`, for which
    whitening is a division. It then inverts one small matrix, of the streams, and the noise left
    keeps its precision at any SNR, as no two nearly equal numbers are subtracted. Channel and noise
    may be in any unit; noise of less than 2.5e-7 of the energy of the channel counts as that much.

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
    noise = tf.math.real(tf.linalg.diag_part(s))
    noise = at_least(noise, antenna_energy(h)[..., tf.newaxis], NOISE_FLOOR)
    whitening = tf.cast(tf.math.rsqrt(noise), h.dtype)
    y, h = whitening * y, whitening[..., tf.newaxis] * h
    gram = tf.matmul(h, h, adjoint_a=True)
    error = error_matrix(gram)
    mse = tf.math.real(tf.linalg.diag_part(error))
    # E and A commute and are Hermitian, so the diagonal of their product is real
    gain = tf.math.real(tf.reduce_sum(error * tf.math.conj(gram), axis=-1))
    gain = tf.where(gain > 0, gain, MIN_GAIN)
    x_lmmse = tf.linalg.matvec(error, tf.linalg.matvec(h, y, adjoint_a=True))
    return x_lmmse / tf.cast(gain, h.dtype), mse / gain


def make_equalizer(settings: OFDMSettings, resource_grid: ResourceGrid) -> OFDMEqualizer:
    """The equalizer of ``settings`` over a resource grid."""
    precision = settings.precision
    functions = {
        "lmmse": diagonal_lmmse_equalizer,
        "zf": functools.partial(zf_equalizer, precision=precision),
        "mf": functools.partial(mf_equalizer, precision=precision),
    }
    streams = StreamManagement(np.array([[1]]), settings.streams)
    equalizer = functions[settings.equalizer]
    return OFDMEqualizer(equalizer, resource_grid, streams, precision=precision)
