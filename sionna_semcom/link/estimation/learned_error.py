# SPDX-License-Identifier: Apache-2.0
"""Channel estimates whose error variance is calibrated to measured errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.ofdm import ResourceGrid

from ...channel.slots.randomness import own_randomness

SNRS_DB = np.arange(-10.0, 41.0, 10.0)
ROUNDS = 3  # at most; ``no_eff`` is not linear in the error variance
ENOUGH = 0.05  # deviation of error / ``no_eff`` from one that needs no further round

Estimator = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
Receiver = Callable[[Estimator, float], tf.Tensor]


class ScaledError(Object):
    r"""Scales the error variance of an estimate so that ``no_eff`` equals the error of symbols.

    .. math::

        \tilde{\sigma}^2 = \sigma^2\,\frac{\max(c\,(N_0 + \sum_s\sigma_s^2) - N_0,\,0)}
                                          {\sum_s\sigma_s^2}

    where :math:`c` is the squared error of equalized symbols divided by their ``no_eff``. It is
    measured at SNRs from -10 to 40 dB and interpolated. Outside this range, it is constant. The
    correction is needed because an equalizer assumes that estimation errors are independent between
    antennas. This holds for errors due to noise at the reference signals. The interpolation error
    is correlated with the channel, so that combining antennas does not reduce it.

    Parameters
    ----------
    estimate : callable
        Channel estimator

    ratios : [6, num_ofdm_symbols or 1], `tf.float`
        Ratio :math:`c` at -10, 0, ..., 40 dB

    Input
    -----
    y : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received slots

    no : [] or [num_slots], `tf.float`
        Noise power, relative to the channel energy

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Channel estimate and its error variance
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

    def __call__(self, y: tf.Tensor, no: tf.Tensor, **features: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the channel from ``y`` at the noise power ``no``."""
        h_hat, err_var = self._estimate(y, no)
        total = tf.reduce_sum(err_var, axis=[3, 4], keepdims=True)  # over all streams
        noise = tf.reshape(no, [-1, *[1] * 6])
        wanted = self.correction(y, h_hat, no, **features) * (noise + total) - noise
        return h_hat, err_var * tf.maximum(wanted, 0.0) / tf.maximum(total, 1e-30)

    def correction(self, y: tf.Tensor, h_hat: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Error / ``no_eff`` of slots; here, it only depends on the noise power."""
        return self.ratio(no)

    def ratio(self, no: tf.Tensor) -> tf.Tensor:
        """Error / ``no_eff``, [num_slots or 1, 1, 1, 1, 1, num_ofdm_symbols or 1, 1]."""
        ratio = self.between(no)
        return tf.reshape(ratio, [-1, 1, 1, 1, 1, ratio.shape[-1], 1])

    def between(self, no: tf.Tensor) -> tf.Tensor:
        """Interpolate the ratios to the SNRs of ``no``: [num_slots or 1, n]."""
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
    """Interpolation weights [n, num_snrs] of `ScaledError` between ``snrs_db``."""
    columns = np.eye(len(snrs_db))
    return np.stack([np.interp(snr_db, snrs_db, column) for column in columns], axis=1)


class LearnedError(ScaledError):
    """Scales the error variance on each OFDM symbol to errors that are measured at construction.

    If the error still differs from ``no_eff`` by more than 5 % after the correction, it is measured
    and corrected again.

    Parameters
    ----------
    estimate : callable
        Channel estimator

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    receive : callable
        Sends known symbols of unit power over slots, as a function of an estimator and an SNR [dB],
        and returns squared error / ``no_eff``, [num_slots, num_streams, num_data_symbols]

    See `ScaledError` for input and output.

    Attributes
    ----------
    off : `float`
        Largest deviation of error / ``no_eff`` from one over SNRs in the last measurement, for the
        mean over data elements
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
        symbols = np.nonzero(~mask.astype(bool))[0]  # OFDM symbol of each data element
        count = np.bincount(symbols, minlength=len(mask))

        ratios = np.ones([len(SNRS_DB), len(mask)])
        self._ratios = tf.Variable(ratios, trainable=False, dtype=self.rdtype)  # read by graphs

        def see(snr_db: float) -> np.ndarray:
            return _by_symbol(receive(self, snr_db), symbols, count)

        with own_randomness():
            self.off = find_ratios(ratios, see, self._ratios.assign, count)


def find_ratios(
    ratios: np.ndarray,
    see: Callable[[float], np.ndarray],
    keep: Callable[[np.ndarray], Any],
    weights: np.ndarray,
) -> float:
    """Improve ``ratios`` [6, n] of `ScaledError` until the deviation is small.

    Parameters
    ----------
    ratios : [6, n], `float`
        Initial ratios

    see : callable
        Measures error / ``no_eff`` [n] at an SNR [dB] with the current ratios

    keep : callable
        Stores improved ratios

    weights : [n], `float`
        Weights of the columns in the mean of error / ``no_eff``

    Output
    ------
    : `float`
        Largest deviation of this mean from one in the last measurement
    """
    for _ in range(ROUNDS):
        keep(ratios)
        seen = [see(snr_db) for snr_db in SNRS_DB]
        ratios = ratios * np.stack(seen)
        off = float(np.max(np.abs(np.average(seen, axis=1, weights=weights) - 1.0)))
        if off < ENOUGH:
            break
    keep(ratios)
    return off


def _by_symbol(ratio: tf.Tensor, symbols: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Mean over the ``count`` data elements of each OFDM symbol; one for symbols without data."""
    by_element = np.mean(ratio, axis=(0, 1))
    total = np.bincount(symbols, by_element, minlength=len(count))
    return np.divide(total, count, out=np.ones(len(count)), where=count > 0)
