# SPDX-License-Identifier: Apache-2.0
"""Channel knowledge of the base station and the terminals in the downlink."""

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
    r"""Channel knowledge of the base station.

    With "ls", the base station knows a least-squares estimate from orthogonal unit-power pilots of
    all terminal antennas, with Sionna's interpolation. With "delayed", it knows the channel some
    OFDM symbols ago. For flat fading, the old channel is

    .. math:: \hat{h} = \rho h + \sqrt{1-\rho^2}\,\varepsilon, \qquad
              \rho = J_0(2\pi f_D \tau), \qquad \varepsilon \sim \mathcal{CN}(0, 1)

    with the maximum Doppler shift :math:`f_D` and the delay :math:`\tau` (Clarke, "A statistical
    theory of mobile-radio reception", 1968).

    Parameters
    ----------
    settings : `DownlinkSettings`
        Settings of the downlink

    channel : `SlotSource`
        Source of the channels of slots

    Input
    -----
    h : [num_slots, 1, num_users * num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size],
        `tf.complex`
        Channel; with "delayed", it also includes the OFDM symbols of the delay before the slot

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h : as the input, `tf.complex`
        Channel of the slot

    h_hat : as ``h``
        Channel that the base station knows
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
        """Split the channel into the channel of the slot and the known channel."""
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
        """Flat fading before the delay, constant over the slot."""
        settings = self._settings
        symbol = settings.symbol_duration + settings.cyclic_prefix
        rho = float(j0(2.0 * pi * settings.max_doppler * self._delay * symbol))
        innovation = complex_normal(tf.shape(h)[:5], precision=self.precision)
        return rho * h + (1.0 - rho**2) ** 0.5 * innovation[..., tf.newaxis, tf.newaxis]


def by_user(grid: tf.Tensor, num_users: int) -> tf.Tensor:
    """Reshape [num_slots, 1, num_users * num_rx_ant, ...] to [num_slots * num_users, ...].

    The users of a slot are consecutive.
    """
    return tf.reshape(grid, [-1, 1, grid.shape[2] // num_users, *grid.shape[3:]])


class StreamKnowledge(Object):
    r"""Linear MMSE estimates of effective channels from least-squares estimates.

    At a terminal, the channels of its own streams are strong, and the channels of other streams are
    suppressed by the precoder. For both kinds, the regression of the channel on its least-squares
    estimate and the error variance are measured at construction in 128 slots at SNRs from -10 to
    40 dB, for each resource element of each stream, and interpolated between these SNRs:

    .. math:: \bar{h} = c\,\hat{h}, \qquad c = \frac{\mathbb{E}[h\hat{h}^\star]}
              {\mathbb{E}|\hat{h}|^2}, \qquad v = \mathbb{E}|h - \bar{h}|^2

    In contrast, the error variance of Sionna's estimator is the noise variance at the pilots, even
    if a channel is known to be almost zero.

    Parameters
    ----------
    settings : `DownlinkSettings`
        Settings of the downlink

    observe : callable
        Maps channels of slots and a noise power to effective channels and their estimates without
        nulled subcarriers, [num_slots * num_users, 1, num_rx_ant, 1, num_streams, T, F]

    channel : `SlotSource`
        Source of the channels of slots

    Input
    -----
    h_hat : as the estimates of ``observe``, `tf.complex`
        Least-squares estimates

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Linear MMSE estimates and their error variance
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
        """Scale ``h_hat`` and return the error variance."""
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
        """Channels at each user of the streams of other users, by the difference of user indices.

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
    """Resource grid of a slot, extended by the delay of the channel knowledge."""
    symbols = settings.drawn_ofdm_symbols
    return resource_grid(settings.model_copy(update={"num_ofdm_symbols": symbols}))
