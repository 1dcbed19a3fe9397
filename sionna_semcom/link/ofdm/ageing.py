# SPDX-License-Identifier: Apache-2.0
"""Channel estimates from outdated channel knowledge."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object

from ...channel.noise import energy
from ...channel.regression import Moments, moments, regress
from ...channel.slots.channel import in_units, slot_energy


class OldChannel(NamedTuple):
    """Outdated channel knowledge of transmitter and receiver."""

    h: tf.Tensor
    """[num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`:
    effective channel of the streams"""
    change: tf.Tensor
    """[num_slots], `tf.float`: mean squared change of the channel over the delay, or over the slot
    if it is shorter than the delay, relative to the channel energy"""


def known_in_units(known: Any, unit: tf.Tensor) -> Any:
    """`OldChannel`, or a tensor, divided by the unit [num_slots] of each slot."""
    if isinstance(known, OldChannel):
        return known._replace(h=in_units(known.h, unit))
    return in_units(known, unit)


def ages(h: tf.Tensor, delay: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Current and old channel, from slots with ``delay`` additional OFDM symbols."""
    return (h[..., delay:, :], h[..., :-delay, :]) if delay else (h, h)


def relative_change(h: tf.Tensor, delay: int) -> tf.Tensor:
    """Mean squared change over ``delay`` OFDM symbols relative to the energy, [num_slots].

    If the slot is shorter than the delay, the change is measured over the slot. ``h`` has shape
    [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size].
    """
    lag = min(delay, h.shape[5] - 1)
    now, past = ages(h, lag)
    mean = tf.reduce_mean(energy(now - past), axis=[1, 2, 3, 4, 5, 6])
    return mean / slot_energy(h)


def precoded(precode: Any, h: tf.Tensor, no: tf.Tensor, delay: int) -> tuple[tf.Tensor, Any]:
    """Current effective channel of the streams, and the known channel.

    With a ``delay``, the known channel is the `OldChannel`, from which the precoder is also
    computed.
    """
    now, past = ages(h, delay)
    known = precode(past, no)
    if not delay:
        return known, known
    return precode(now, no, past), OldChannel(known, relative_change(past, delay))


class AgedEstimate(Object):
    r"""Linear MMSE estimate of each coefficient of the current channel from its old value.

    .. math::

        \hat{h}_s = c_s h'_s, \qquad
        c_s = \frac{\mathbb{E}[h_s {h'_s}^\star]}{\mathbb{E}|h'_s|^2}, \qquad
        \sigma_s^2 = \mathbb{E}|h_s - c_s h'_s|^2 \left(1 - w_s + w_s\,
                     \frac{\Delta}{\mathbb{E}\Delta}\right)

    where :math:`h_s` and :math:`h'_s` are the current and the old effective channel of stream
    :math:`s` with the same precoder. Expectations are averages over slots, antennas and resource
    elements.

    The error differs between slots: the channel of a terminal that moves along its strongest path
    varies faster than that of a terminal that moves perpendicular to it. The error is therefore
    related to the change :math:`\Delta` of the old channel of the slot. The share
    :math:`w_s \in [0, 1]` of the error that is proportional to this change is computed by linear
    regression over slots.

    Parameters
    ----------
    now : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`
        Current effective channel in slots with unit energy

    past : `OldChannel`
        Old effective channel in these slots

    remove_nulled : callable
        Removes nulled subcarriers

    Input
    -----
    past : `OldChannel`
        Old effective channel

    no : `tf.float`
        Noise power, which has no effect

    Output
    ------
    h_hat : as ``past.h``, without nulled subcarriers
        Channel estimate

    err_var : [num_slots, 1, 1, 1, num_streams, 1, 1], `tf.float`
        Error variance of the estimate
    """

    def __init__(
        self, now: tf.Tensor, past: OldChannel, remove_nulled: Any, precision: Any = None
    ) -> None:
        super().__init__(precision=precision)
        self._remove_nulled = remove_nulled
        now, old = (tf.transpose(remove_nulled(h), [0, 1, 2, 3, 5, 6, 4]) for h in (now, past.h))
        sums = Moments(*(np.asarray(part) for part in moments(now, old)))
        coefficients, variances = regress(sums, int(np.prod(now.shape[:-1])))
        errors = energy(now - tf.constant(coefficients, now.dtype) * old)
        change = np.asarray(past.change, float)
        shares = error_shares(np.mean(errors, axis=(1, 2, 3, 4, 5)), change)
        self._coefficients = tf.constant(coefficients.reshape(-1, 1, 1), self.cdtype)
        shape = [1, 1, 1, 1, -1, 1, 1]
        self._variances = tf.constant(variances.reshape(shape), self.rdtype)
        self._shares = tf.constant(shares.reshape(shape), self.rdtype)
        self._mean_change = max(float(np.mean(change)), 1e-30)

    def __call__(self, past: OldChannel, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the channel from its old values."""
        change = tf.reshape(past.change, [-1, *[1] * 6]) / self._mean_change
        variances = self._variances * (1.0 - self._shares + self._shares * change)
        return self._coefficients * self._remove_nulled(past.h), variances


def error_shares(errors: np.ndarray, change: np.ndarray) -> np.ndarray:
    r"""Share of mean ``errors`` that is proportional to a ``change``, by linear regression.

    .. math:: w = \frac{\mathrm{cov}(e, \Delta)}{\mathrm{var}(\Delta)}
                  \frac{\mathbb{E}\Delta}{\mathbb{E}e}, \quad 0 \le w \le 1

    Input
    -----
    errors : [num_slots, num_streams], `float`
        Mean squared errors

    change : [num_slots], `float`
        Change of each slot

    Output
    ------
    : [num_streams], `float`
        Shares
    """
    centered = change - np.mean(change)
    slopes = centered @ errors / max(float(centered @ centered), 1e-30)
    return np.clip(slopes * np.mean(change) / np.maximum(np.mean(errors, axis=0), 1e-30), 0.0, 1.0)
