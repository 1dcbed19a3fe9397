# SPDX-License-Identifier: Apache-2.0
"""Equalizers for one transmitter and one receiver."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.mimo import mf_equalizer, zf_equalizer
from sionna.phy.ofdm import ResourceGrid

from ...channel.noise import at_least, rounding
from ...mapping.real_factor import as_complex
from .settings import OFDMSettings

NOISE_FLOOR = 2.5e-7  # of the channel energy, the rounding error of single precision
MIN_GAIN = 1e-12  # gain of a stream whose channel is zero


def error_matrix(gram: tf.Tensor) -> tf.Tensor:
    r"""Error covariance :math:`(\mathbf{A} + \mathbf{I})^{-1}` of the LMMSE estimate of streams.

    Input
    -----
    gram : [..., num_streams, num_streams], `tf.complex`
        Gram matrices :math:`\mathbf{A}` of the whitened channel

    Output
    ------
    : as ``gram``
        Error covariance matrices
    """
    identity = tf.eye(gram.shape[-1], batch_shape=tf.shape(gram)[:-2], dtype=gram.dtype)
    return tf.linalg.cholesky_solve(tf.linalg.cholesky(gram + identity), identity)


def diagonal_lmmse_equalizer(
    y: tf.Tensor, h: tf.Tensor, noise: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Unbiased LMMSE equalizer for noise that is uncorrelated between receive antennas.

    .. math::

        \mathbf{A} = \mathbf{H}^\mathsf{H}\mathbf{S}^{-1}\mathbf{H}, \qquad
        \mathbf{E} = (\mathbf{A} + \mathbf{I})^{-1}, \qquad
        \hat{x}_k = \frac{[\mathbf{E}\mathbf{H}^\mathsf{H}\mathbf{S}^{-1}\mathbf{y}]_k}
                         {[\mathbf{E}\mathbf{A}]_{kk}}, \qquad
        \sigma_k^2 = \frac{E_{kk}}{[\mathbf{E}\mathbf{A}]_{kk}}

    The output equals :func:`~sionna.phy.mimo.lmmse_equalizer` for a diagonal noise covariance
    :math:`\mathbf{S}`, for which whitening is a division. The equalizer only inverts a matrix of
    the size of the number of streams. ``no_eff`` is accurate at any SNR, because no nearly equal
    numbers are subtracted. Channel and noise can have any unit. The noise power is at least 2.5e-7
    of the channel energy.

    One and two streams use closed forms, with operations on whole grids instead of many small
    matrices.

    Input
    -----
    y : [batch, num_rx_ant, ...], `tf.complex`
        Received signals

    h : [batch, num_rx_ant, num_streams, ...], `tf.complex`
        Channel

    noise : broadcastable to the shape of ``y``, `tf.float`
        Noise power

    Output
    ------
    x_hat : [batch, num_streams, ...], `tf.complex`
        Estimated symbols

    no_eff : as ``x_hat``, `tf.float`
        Noise power left on the estimated symbols
    """
    energy = tf.reduce_sum(tf.math.real(h) ** 2 + tf.math.imag(h) ** 2, 2)
    floor = rounding(NOISE_FLOOR, energy.dtype)
    noise = at_least(noise, tf.reduce_mean(energy, 1, keepdims=True), floor)
    whitening = as_complex(tf.math.rsqrt(noise))
    y, h = whitening * y, whitening[:, :, tf.newaxis] * h
    matched = tf.reduce_sum(tf.math.conj(h) * y[:, :, tf.newaxis], 1)
    if h.shape[2] > 2:
        return _any_streams(h, matched)
    powers = tf.reduce_sum(tf.math.real(h) ** 2 + tf.math.imag(h) ** 2, 1)
    if h.shape[2] == 1:
        gain = tf.where(powers > 0, powers, MIN_GAIN)
        return matched / as_complex(gain), 1.0 / gain
    first, second = h[:, :, :1], h[:, :, 1:]
    cross = tf.reduce_sum(tf.math.conj(first) * second, 1)
    # component of the second channel that is orthogonal to the first: the determinant as a
    # difference of products would have rounding errors that separate streams with equal channels
    own = second - first * tf.math.divide_no_nan(cross, as_complex(powers[:, :1]))[:, tf.newaxis]
    det = powers[:, :1] * tf.reduce_sum(tf.math.real(own) ** 2 + tf.math.imag(own) ** 2, 1)
    others = tf.reverse(powers, [1]) + 1.0
    leaks = tf.concat([cross, tf.math.conj(cross)], 1) * tf.reverse(matched, [1])
    gain = powers + det
    gain = tf.where(gain > 0, gain, MIN_GAIN * (gain + others))
    return (as_complex(others) * matched - leaks) / as_complex(gain), others / gain


def _any_streams(h: tf.Tensor, matched: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Unbiased estimates from a whitened channel and the output of the matched filter."""
    streams_last = [0, *range(3, h.shape.rank), 1, 2]
    matrices = tf.transpose(h, streams_last)
    gram = tf.matmul(matrices, matrices, adjoint_a=True)
    error = error_matrix(gram)
    mse = tf.math.real(tf.linalg.diag_part(error))
    # E and A commute and are Hermitian, so that the diagonal of their product is real
    gain = tf.math.real(tf.reduce_sum(error * tf.math.conj(gram), axis=-1))
    gain = tf.where(gain > 0, gain, MIN_GAIN)
    matched = tf.transpose(matched, [0, *range(2, matched.shape.rank), 1])
    x_hat = tf.linalg.matvec(error, matched) / as_complex(gain)
    streams_first = [0, x_hat.shape.rank - 1, *range(1, x_hat.shape.rank - 1)]
    return tf.transpose(x_hat, streams_first), tf.transpose(mse / gain, streams_first)


class SlotEqualizer(Object):
    """Equalizes the data symbols in slots of one transmitter and one receiver.

    The output equals :class:`~sionna.phy.ofdm.OFDMEqualizer`, which computes a noise covariance
    matrix for each resource element, including pilots. This class first removes the OFDM symbols
    with pilots, and uses a noise power for each antenna instead of a matrix.

    Parameters
    ----------
    settings : `OFDMSettings`
        Settings of equalizer and pilots

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    Input
    -----
    y : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received grids

    h_hat : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, num_subcarriers],
        `tf.complex`
        Channel estimate, without nulled subcarriers

    err_var : broadcastable to the shape of ``h_hat``, `tf.float`
        Error variance of the estimate

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    x_hat : [num_slots, num_streams, num_data_symbols], `tf.complex`
        Estimated symbols

    no_eff : as ``x_hat``, `tf.float`
        Noise power left on the estimated symbols
    """

    def __init__(self, settings: OFDMSettings, resource_grid: ResourceGrid) -> None:
        super().__init__(precision=settings.precision)
        self._streams = settings.streams
        pilots = settings.pilot_ofdm_symbol_indices
        self._data = np.setdiff1d(np.arange(settings.num_ofdm_symbols), pilots)
        self._used = np.array(resource_grid.effective_subcarrier_ind)
        self._sizes = settings.num_ofdm_symbols, settings.fft_size
        functions: dict[str, Callable[..., tuple[tf.Tensor, tf.Tensor]]] = {
            "lmmse": diagonal_lmmse_equalizer,
            "zf": functools.partial(_on_matrices, zf_equalizer),
            "mf": functools.partial(_on_matrices, mf_equalizer),
        }
        self._equalize = functions[settings.equalizer]

    def __call__(
        self, y: tf.Tensor, h_hat: tf.Tensor, err_var: tf.Tensor, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Equalize ``y``."""
        if len(self._used) < self._sizes[1]:
            y = tf.gather(y, self._used, axis=-1)
        y, h = self._data_of(y)[:, 0], self._data_of(h_hat)[:, 0, :, 0]
        noise = tf.reshape(no, [-1, 1, 1, 1])
        if err_var.shape.rank:
            errors = self._data_of(err_var)[:, 0, :, 0]
            noise += tf.reduce_sum(errors, 2) * (self._streams / errors.shape[2])
        else:
            noise += self._streams * err_var
        outputs = self._equalize(y, h, noise)
        x_hat, no_eff = (
            tf.reshape(x, [-1, self._streams, h.shape[3] * h.shape[4]]) for x in outputs
        )
        return x_hat, no_eff

    def _data_of(self, grid: tf.Tensor) -> tf.Tensor:
        """Remove the OFDM symbols with pilots from ``grid``."""
        if grid.shape[-2] == 1 or len(self._data) == self._sizes[0]:
            return grid
        return tf.gather(grid, self._data, axis=-2)


def _on_matrices(
    equalizer: Callable[..., tuple[tf.Tensor, tf.Tensor]],
    y: tf.Tensor,
    h: tf.Tensor,
    noise: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Equalizer of Sionna with the arguments of `diagonal_lmmse_equalizer`."""
    signals = tf.transpose(y, [0, 2, 3, 1])
    covariance = tf.linalg.diag(tf.transpose(tf.broadcast_to(noise, tf.shape(y)), [0, 2, 3, 1]))
    precision = "double" if h.dtype == tf.complex128 else "single"
    outputs = equalizer(
        signals, tf.transpose(h, [0, 3, 4, 1, 2]), tf.cast(covariance, h.dtype), precision=precision
    )
    x_hat, no_eff = (tf.transpose(output, [0, 3, 1, 2]) for output in outputs)
    return x_hat, tf.broadcast_to(no_eff, tf.shape(x_hat))
