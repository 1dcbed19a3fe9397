# SPDX-License-Identifier: Apache-2.0
"""Channel estimates from outdated channel knowledge."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object

from ...channel.regression import Moments, moments, regress


def ages(h: tf.Tensor, delay: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Current and old channel, from slots with ``delay`` additional OFDM symbols."""
    return (h[..., delay:, :], h[..., :-delay, :]) if delay else (h, h)


def precoded(precode: Any, h: tf.Tensor, no: tf.Tensor, delay: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Current and old effective channel of the streams, with the precoder of the old channel."""
    now, past = ages(h, delay)
    known = precode(past, no)
    return (precode(now, no, past) if delay else known), known


class AgedEstimate(Object):
    r"""Linear MMSE estimate of each coefficient of the current channel from its old value.

    .. math::

        \hat{h}_s = c_s h'_s, \qquad
        c_s = \frac{\mathbb{E}[h_s {h'_s}^\star]}{\mathbb{E}|h'_s|^2}, \qquad
        \sigma_s^2 = \mathbb{E}|h_s - c_s h'_s|^2

    where :math:`h_s` and :math:`h'_s` are the current and the old effective channel of stream
    :math:`s` with the same precoder. Expectations are averages over slots, antennas and resource
    elements.

    Parameters
    ----------
    now, past : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size]
        Current and old effective channel in slots with unit energy

    remove_nulled : callable
        Removes nulled subcarriers

    Input
    -----
    past : as above, `tf.complex`
        Old effective channel

    no : `tf.float`
        Noise power, which has no effect

    Output
    ------
    h_hat : as ``past``, without nulled subcarriers
        Channel estimate

    err_var : [1, 1, 1, 1, num_streams, 1, 1], `tf.float`
        Error variance of the estimate
    """

    def __init__(
        self, now: tf.Tensor, past: tf.Tensor, remove_nulled: Any, precision: Any = None
    ) -> None:
        super().__init__(precision=precision)
        self._remove_nulled = remove_nulled
        now, past = (tf.transpose(remove_nulled(h), [0, 1, 2, 3, 5, 6, 4]) for h in (now, past))
        sums = Moments(*(np.asarray(part) for part in moments(now, past)))
        count = int(np.prod(now.shape[:-1]))
        coefficients, variances = (x.reshape(-1, 1, 1) for x in regress(sums, count))
        self._coefficients = tf.constant(coefficients, self.cdtype)
        self._variances = tf.constant(variances[np.newaxis, np.newaxis, np.newaxis, np.newaxis])
        self._variances = tf.cast(self._variances, self.rdtype)

    def __call__(self, past: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the channel from its old values."""
        return self._coefficients * self._remove_nulled(past), self._variances
