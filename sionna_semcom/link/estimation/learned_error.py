# SPDX-License-Identifier: Apache-2.0
"""Channel estimates with the error that a receiver has seen them make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.ofdm import ResourceGrid

from ...channel.slots.randomness import own_randomness

SNRS_DB = np.arange(-10.0, 41.0, 10.0)
ROUNDS = 3  # at most; the noise left of layers that antennas barely separate is not linear
ENOUGH = 0.05  # deviation of error over ``no_eff`` from one, after which it is corrected once more

Estimator = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
Receiver = Callable[[Estimator, float], tf.Tensor]


class ScaledError(Object):
    r"""Scales the error variance of an estimate so that equalized symbols have the noise reported.

    .. math::

        \tilde{\sigma}^2 = \sigma^2\,\frac{\max(c\,(N_0 + \sum_s\sigma_s^2) - N_0,\,0)}
                                          {\sum_s\sigma_s^2}

    where :math:`c` is the error of equalized symbols over their ``no_eff`` at SNRs from -10 to
    40 dB, interpolated between them; beyond, it is that of the nearest end. An equalizer takes the
    errors of estimates for independent between antennas. Noise at the reference signals is. What
    interpolation misses has the directions of the channel itself, so that combining antennas does
    not lower it.

    Parameters
    ----------
    estimate : callable
        Estimator

    ratios : [6, num_ofdm_symbols or 1], `tf.float`
        Ratio :math:`c` at -10, 0, ..., 40 dB

    Input
    -----
    y : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received slots

    no : [] or [num_slots], `tf.float`
        Noise power, relative to the energy of the channel

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Estimate, and its error variance
    """

    def __init__(
        self,
        estimate: Estimator,
        ratios: Any,
        precision: str | None = None,
        snrs_db: np.ndarray = SNRS_DB,
    ) -> None:
        super().__init__(precision=precision)
        self._estimate, self._ratios, self.snrs_db = estimate, ratios, snrs_db
        """SNRs [dB] between which ratios are interpolated."""

    def __call__(self, y: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the channel from ``y`` at the noise power ``no``."""
        h_hat, err_var = self._estimate(y, no)
        total = tf.reduce_sum(err_var, axis=[3, 4], keepdims=True)  # over all streams
        noise = tf.reshape(no, [-1, *[1] * 6])
        wanted = self.correction(y, h_hat, no) * (noise + total) - noise
        return h_hat, err_var * tf.maximum(wanted, 0.0) / tf.maximum(total, 1e-30)

    def correction(self, y: tf.Tensor, h_hat: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Error over ``no_eff``, which here depends on the noise power alone."""
        return self.ratio(no)

    def ratio(self, no: tf.Tensor) -> tf.Tensor:
        """Error over ``no_eff``, [num_slots or 1, 1, 1, 1, 1, num_ofdm_symbols or 1, 1]."""
        ratio = self.between(no)
        return tf.reshape(ratio, [-1, 1, 1, 1, 1, ratio.shape[-1], 1])

    def between(self, no: tf.Tensor) -> tf.Tensor:
        """What is known at some SNRs, at those of ``no``: [num_slots or 1, n]."""
        snr_db = -10.0 / np.log(10.0) * tf.math.log(tf.maximum(tf.reshape(no, [-1]), 1e-30))
        snrs_db = self.snrs_db
        step = float(snrs_db[1] - snrs_db[0])
        at = tf.clip_by_value((snr_db - snrs_db[0]) / step, 0.0, len(snrs_db) - 1.0)
        below = tf.minimum(tf.floor(at), len(snrs_db) - 2.0)
        share = (at - below)[:, tf.newaxis]
        ratios = tf.cast(self._ratios, self.rdtype)
        low, high = (tf.gather(ratios, tf.cast(below, tf.int32) + n) for n in (0, 1))
        return (1.0 - share) * low + share * high


def node_weights(snr_db: np.ndarray, snrs_db: np.ndarray) -> np.ndarray:
    """Weights [n, num_snrs] with which `ScaledError` interpolates between ``snrs_db``."""
    columns = np.eye(len(snrs_db))
    return np.stack([np.interp(snr_db, snrs_db, column) for column in columns], axis=1)


class LearnedError(ScaledError):
    """Scales the error variance by what is seen of it, on each OFDM symbol, when it is built.

    Where the error is more than 5 % from what is reported, what the correction leaves is measured
    again.

    Parameters
    ----------
    estimate : callable
        Estimator

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    receive : callable
        Sends known symbols of unit power over slots at an SNR [dB] with an estimator, and gives
        their squared error over ``no_eff``, [num_slots, num_streams, num_data_symbols]

    See `ScaledError` for input and output.

    Attributes
    ----------
    off : `float`
        Largest deviation from one of error over ``no_eff`` at an SNR, when it was measured last
    """

    def __init__(
        self,
        estimate: Estimator,
        resource_grid: ResourceGrid,
        receive: Receiver,
        precision: str | None = None,
    ) -> None:
        super().__init__(estimate, None, precision)
        mask = np.asarray(resource_grid.pilot_pattern.mask)[0, 0]
        symbols = np.nonzero(~mask.astype(bool))[0]  # of each data element

        ratios = np.ones([len(SNRS_DB), len(mask)])
        self._ratios = tf.Variable(ratios, trainable=False, dtype=self.rdtype)  # for graphs

        def see(snr_db: float) -> np.ndarray:
            return _by_symbol(receive(self, snr_db), symbols, len(mask))

        with own_randomness():
            self.off = find_ratios(ratios, see, self._ratios.assign)


def find_ratios(
    ratios: np.ndarray,
    see: Callable[[float], np.ndarray],
    keep: Callable[[np.ndarray], Any],
) -> float:
    """Improve ``ratios`` [6, n] of `ScaledError` until what is left is enough.

    Parameters
    ----------
    ratios : [6, n], `float`
        Where to begin

    see : callable
        Error over ``no_eff`` [n] at an SNR [dB] with the ratios that were kept last

    keep : callable
        Takes better ratios

    Output
    ------
    : `float`
        Largest deviation of the mean of error over ``no_eff`` from one, when it was measured last
    """
    for _ in range(ROUNDS):
        keep(ratios)
        seen = [see(snr_db) for snr_db in SNRS_DB]
        ratios = ratios * np.stack(seen)
        off = float(np.max(np.abs(np.mean(seen, axis=1) - 1.0)))
        if off < ENOUGH:
            break
    keep(ratios)
    return off


def _by_symbol(ratio: tf.Tensor, symbols: np.ndarray, num_symbols: int) -> np.ndarray:
    """Mean over the data elements of each OFDM symbol, one where there are none."""
    by_element = np.mean(ratio, axis=(0, 1))
    count = np.bincount(symbols, minlength=num_symbols)
    total = np.bincount(symbols, by_element, minlength=num_symbols)
    return np.divide(total, count, out=np.ones(num_symbols), where=count > 0)
