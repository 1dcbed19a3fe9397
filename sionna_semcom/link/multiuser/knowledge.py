# SPDX-License-Identifier: Apache-2.0
"""What a base station and its terminals know of the downlink."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
import tensorflow as tf
from scipy.special import j0
from sionna.phy.block import Object
from sionna.phy.ofdm import ResourceGrid
from sionna.phy.utils import complex_normal

from ...channel.ofdm import AntennaEstimator
from ...channel.ofdm_settings import OFDMMIMOSettings
from ...channel.regression import RegressionTable, learn
from ...channel.slots.resource_grid import resource_grid
from ...channel.slots.source import SlotSource
from .settings import DownlinkSettings

CALIBRATION_SNRS_DB = np.arange(40.0, -10.1, -10.0)
CALIBRATION_CHUNKS, CALIBRATION_SLOTS = 4, 32

_OF_GRID = (
    "num_ofdm_symbols", "fft_size", "subcarrier_spacing", "cyclic_prefix_length",
    "pilot_ofdm_symbol_indices", "num_guard_carriers", "dc_null", "interpolation", "precision",
)  # fmt: skip


class TransmitterKnowledge(Object):
    r"""The channel that a base station knows, beside the one that it sends over.

    "ls" is a least-squares estimate from pilots of power one of all terminal antennas in turn, with
    Sionna's interpolation. "delayed" is the channel some OFDM symbols ago. Flat fading has then
    changed to

    .. math:: \hat{h} = \rho h + \sqrt{1-\rho^2}\,\varepsilon, \qquad
              \rho = J_0(2\pi f_D \tau), \qquad \varepsilon \sim \mathcal{CN}(0, 1)

    Parameters
    ----------
    settings : `DownlinkSettings`
        The downlink

    channel : `SlotSource`
        What slots are drawn from

    Input
    -----
    h : [num_slots, 1, num_users * num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size],
        `tf.complex`
        Channel; with "delayed" with as many OFDM symbols before the slot

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h : as the input, `tf.complex`
        Channel of the slot

    h_hat : as ``h``
        What the base station knows of it
    """

    def __init__(self, settings: DownlinkSettings, channel: SlotSource) -> None:
        super().__init__(precision=settings.precision)
        self._settings = settings
        self._delay = settings.transmitter_delay or 0
        if settings.transmitter_csi == "ls":
            antennas = {"num_tx_ant": settings.streams, "num_rx_ant": settings.num_tx_ant}
            grid = {name: getattr(settings, name) for name in _OF_GRID}
            sounding = OFDMMIMOSettings(statistics="none", delay_spread=0.0, **antennas, **grid)
            self._sounding = AntennaEstimator(sounding, resource_grid(sounding), channel)
            used = np.array(resource_grid(sounding).effective_subcarrier_ind)
            distance = np.abs(np.arange(settings.fft_size)[:, np.newaxis] - used)
            self._nearest = np.argmin(distance, axis=1)

    def __call__(self, h: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The slot, and what is known of it."""
        settings = self._settings
        if settings.transmitter_csi == "ls":
            swapped = tf.transpose(h, [0, 1, 4, 3, 2, 5, 6])
            h_hat = tf.transpose(self._sounding(swapped, no), [0, 1, 4, 3, 2, 5, 6])
            return h, tf.gather(h_hat, self._nearest, axis=-1)
        if not self._delay:
            return h, h
        now, past = h[..., self._delay :, :], h[..., : -self._delay, :]
        if settings.model == "flat":
            past = self._aged(now)
        return now, past

    def _aged(self, h: tf.Tensor) -> tf.Tensor:
        """Flat fading as it was before, the same on the whole slot."""
        settings = self._settings
        symbol = settings.symbol_duration + settings.cyclic_prefix
        rho = float(j0(2.0 * pi * settings.max_doppler * self._delay * symbol))
        innovation = complex_normal(tf.shape(h)[:5], precision=self.precision)
        return rho * h + (1.0 - rho**2) ** 0.5 * innovation[..., tf.newaxis, tf.newaxis]


def by_user(grid: tf.Tensor, num_users: int) -> tf.Tensor:
    """[num_slots, 1, num_users * num_rx_ant, ...] as slots of users, [num_slots * num_users, ...].

    The slots of the users of a slot follow each other.
    """
    return tf.reshape(grid, [-1, 1, grid.shape[2] // num_users, *grid.shape[3:]])


class StreamKnowledge(Object):
    r"""Estimates of precoded channels, as terminals have learned what they are worth.

    A terminal sees its own streams strongly, and those of others as far as precoding leaves them.
    For either kind the regression of the channel on its least-squares estimate, and the variance of
    the error that is left, are measured at construction in 128 slots at SNRs from -10 to 40 dB, on
    each resource element of each stream, and interpolated between these SNRs:

    .. math:: \bar{h} = c\,\hat{h}, \qquad c = \frac{\mathbb{E}[h\hat{h}^\star]}
              {\mathbb{E}|\hat{h}|^2}, \qquad v = \mathbb{E}|h - \bar{h}|^2

    Sionna's estimator counts the noise of all pilots in full, also where a channel is known to be
    almost zero.

    Parameters
    ----------
    settings : `DownlinkSettings`
        The downlink

    observe : callable
        Maps channels of slots and a noise power to precoded channels and their estimates on the
        subcarriers in use, [num_slots * num_users, 1, num_rx_ant, 1, num_streams, T, F]

    channel : `SlotSource`
        What slots are drawn from

    Input
    -----
    h_hat : as those of ``observe``, `tf.complex`
        Estimates

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Regression of the channel on the estimate, and error variance
    """

    def __init__(
        self,
        settings: DownlinkSettings,
        observe: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
        channel: SlotSource,
    ) -> None:
        super().__init__(precision=settings.precision)
        self._users, self._streams = settings.active_users, settings.user_streams
        drawn = CALIBRATION_SLOTS * settings.num_users // settings.active_users
        chunks = [channel(drawn) for _ in range(CALIBRATION_CHUNKS)]
        noise_powers = 10.0 ** (-CALIBRATION_SNRS_DB / 10.0)

        def table(shifts: range) -> RegressionTable:
            def seen(slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, ...]:
                return tuple(self._of_shifts(h, shifts) for h in observe(slots, no))

            return RegressionTable(noise_powers, *learn(seen, chunks, noise_powers), self.precision)

        self._own = table(range(1))
        self._others = table(range(1, self._users)) if self._users > 1 else self._own

    def __call__(self, h_hat: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Scale ``h_hat``, and tell its error variance."""
        users, streams = self._users, self._streams
        sizes = h_hat.shape[4:]
        mine = np.repeat(np.eye(users, dtype=bool), streams, axis=1)
        mine = mine[:, np.newaxis, np.newaxis, np.newaxis, :, np.newaxis, np.newaxis]
        no = tf.reshape(no, [-1])

        def chosen(own: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
            own, others = (tf.reshape(x, [-1, 1, 1, 1, 1, *sizes]) for x in (own, others))
            return tf.where(mine, own, others)

        coefficients, variances = map(chosen, self._own(no), self._others(no))
        h_hat = tf.reshape(h_hat, [-1, users, *h_hat.shape[1:]])
        h_hat, variances = coefficients * h_hat, tf.broadcast_to(variances, tf.shape(h_hat))
        shape = [-1, 1, h_hat.shape[3], 1, *sizes]
        return tf.reshape(h_hat, shape), tf.reshape(variances, shape)

    def _of_shifts(self, h: tf.Tensor, shifts: range) -> tf.Tensor:
        """What users see of the streams of users that many places before them.

        Output: [num_slots, num_rx_ant, num_shifts, num_streams * T * F].
        """
        users = self._users
        h = tf.reshape(h, [-1, users, h.shape[2], users, self._streams, *h.shape[5:]])
        shifted = [
            tf.stack([h[:, (user + shift) % users, :, user] for user in range(users)], 2)
            for shift in shifts
        ]
        wide = tf.stack(shifted, 2)
        return tf.reshape(wide, [-1, wide.shape[1], len(shifts), np.prod(wide.shape[3:])])


def slot_grid(settings: DownlinkSettings) -> ResourceGrid:
    """The grid that channels are drawn on: a slot, and the time before it that knowledge is old."""
    symbols = settings.num_ofdm_symbols + (settings.transmitter_delay or 0)
    return resource_grid(settings.model_copy(update={"num_ofdm_symbols": symbols}))
