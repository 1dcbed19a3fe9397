# SPDX-License-Identifier: Apache-2.0
"""Channels between a base station and several users."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from sionna.phy import config
from sionna.phy.channel import ChannelModel, RayleighBlockFading
from sionna.phy.ofdm import ResourceGrid

from ...channel.slots.channel import SlotChannel, in_units, path_response, slot_energy
from ...channel.slots.interference import InterferenceFloor, drop_interference
from ...channel.slots.source import SlotSource
from ...channel.sources import ChannelSource, ModelSource, slot_source
from .settings import MultiUserSettings


def a_row_each(a: tf.Tensor, tau: tf.Tensor, uplink: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Rearrange the paths of all users of a drop to one user per row, in the order of users.

    Input
    -----
    a : [num_drops, 1, num_rx_ant, num_users, num_tx_ant, num_paths, num_ofdm_symbols] in the
        uplink; in the downlink, users are on the axis of receivers, `tf.complex`
        Path coefficients

    tau : [num_drops, 1, num_users, num_paths] in the uplink; in the downlink, the axes of users and
        transmitters are swapped, `tf.float`
        Path delays [s]

    uplink : `bool`
        Whether users transmit

    Output
    ------
    a, tau :
        Rearranged paths, [num_drops * num_users, 1, num_rx_ant, 1, num_tx_ant, ...]
    """
    if uplink:
        a = tf.transpose(a, [0, 3, 2, 1, 4, 5, 6])
        tau = tf.transpose(tau, [0, 2, 1, 3])
    a = tf.reshape(a, [-1, 1, a.shape[2], 1, *a.shape[4:]])
    return a, tf.reshape(tau, [-1, 1, 1, tau.shape[3]])


class DropSlots(SlotChannel):
    """Draws slots of users that are dropped in one sector of a system-level model.

    It extends `SlotChannel`. The users of a drop are consecutive on the first axis. Each user has
    unit mean energy. With path loss, the mean energy over all users of a drop is one.
    """

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels, a multiple of the number of users."""
        users = self._settings.num_terminals
        pool: Any = self._pool
        drops = config.tf_rng.uniform(
            [num_slots // users], maxval=pool.shape[0] // users, dtype=tf.int32
        )
        rows = users * drops[:, tf.newaxis] + tf.range(users)
        return tf.gather(pool, tf.reshape(rows, [-1]))

    def redraw(self) -> None:
        """Fill the pool with new drops, also for graphs that were already traced."""
        pool: Any = self._pool
        pool.assign(self._draw_pool(pool.shape[0] // self._settings.num_terminals)[0])

    def _generate(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        a, tau = self._model(num_slots, *self._times)
        a, tau = a_row_each(a, tau, self._settings.direction == "uplink")
        self.drop_interference.append(drop_interference(self._settings, a, tau))
        h = path_response(a, tau, self._frequencies)
        energy = slot_energy(h)
        if self._settings.path_loss:
            energy = tf.reshape(energy, [num_slots, -1])
            energy = tf.repeat(tf.reduce_mean(energy, -1), energy.shape[1])
        return in_units(h, tf.sqrt(energy))


class UserSlots(SlotSource):
    r"""Draws the channels between a base station and several users.

    The antennas of all users are combined to one transmitter in the uplink, and to one receiver in
    the downlink:

    .. math:: \mathbf{H} = [\mathbf{H}_1, \dots, \mathbf{H}_K] \quad\text{or}\quad
              \mathbf{H} = [\mathbf{H}_1^\mathsf{T}, \dots, \mathbf{H}_K^\mathsf{T}]^\mathsf{T}

    With orthogonal access, slot ``n`` only contains the channel of user ``n % num_users``.

    Parameters
    ----------
    settings : `MultiUserSettings`
        Settings of channel model, users and antennas

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    source : `ChannelSource` | `None`
        Source of the channel of each user; by default the channel model of the settings

    Input
    -----
    num_slots : `int` or [], `tf.int32`
        Number of slots; with orthogonal access a multiple of the number of users

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses, with the antennas of all users that share a slot
    """

    def __init__(
        self, settings: MultiUserSettings, resource_grid: ResourceGrid, source: ChannelSource | None
    ) -> None:
        super().__init__(precision=settings.precision)
        self._settings = settings
        self._single = _single(settings, resource_grid, source)

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        users = self._settings.active_users
        h = self._single(num_slots * users)
        if not self._settings.power_control and self._settings.family != "system":
            h *= tf.cast(tf.sqrt(self._energies(tf.shape(h)[0])), h.dtype)
        if users == 1:
            return h
        h = tf.reshape(h, [-1, users, h.shape[2], *h.shape[4:]])
        if self._settings.direction == "uplink":
            h = tf.transpose(h, [0, 2, 1, 3, 4, 5])
            return tf.reshape(h, [-1, 1, h.shape[1], 1, users * h.shape[3], *h.shape[4:]])
        return tf.reshape(h, [-1, 1, users * h.shape[2], 1, *h.shape[3:]])

    @property
    def pool(self) -> tf.Tensor | None:
        """Pool of channels of single users, or `None` if each slot draws a new channel."""
        return self._single.pool

    def redraw(self) -> None:
        """Draw a new pool of channels of single users."""
        self._single.redraw()

    def seen(self) -> tf.Tensor:
        """Channels of single users in which a receiver learns the statistics."""
        return self._single.seen()

    @property
    def interference(self) -> InterferenceFloor:
        """Interference that the model of one matrix per resource element neglects."""
        if self._settings.model in ("flat", "awgn"):
            return InterferenceFloor(0.0, 0.0)
        return self._single.interference

    def _energies(self, rows: tf.Tensor) -> tf.Tensor:
        """Log-normal energies, normalized over the users of each slot, [rows, 1, ..., 1]."""
        users = self._settings.num_users
        normal = config.tf_rng.normal([rows // users, users], dtype=self.rdtype)
        energies = tf.pow(tf.cast(10.0, self.rdtype), self._settings.shadowing_db * normal / 10.0)
        energies /= tf.reduce_mean(energies, -1, keepdims=True)
        return tf.reshape(energies, [-1, *[1] * 6])


class _Unfaded(ChannelModel):
    """Channel with one path without fading between all pairs of antennas."""

    def __init__(self, num_rx_ant: int, num_tx: int, num_tx_ant: int) -> None:
        super().__init__()
        self._shape = [1, num_rx_ant, num_tx, num_tx_ant, 1]

    def __call__(
        self, batch_size: int | tf.Tensor, num_time_steps: int, sampling_frequency: float
    ) -> tuple[tf.Tensor, tf.Tensor]:
        a = tf.ones([batch_size, *self._shape, num_time_steps], self.cdtype)
        return a, tf.zeros([batch_size, 1, 1, 1], self.rdtype)


def _single(
    settings: MultiUserSettings, resource_grid: ResourceGrid, source: ChannelSource | None
) -> Any:
    """Construct the source of channels of single users; users of a slot are consecutive."""
    if source is not None:
        return slot_source(settings, resource_grid, source)
    antennas = settings.num_rx_ant, 1, settings.num_tx_ant
    if settings.model == "flat":
        model = RayleighBlockFading(1, *antennas, precision=settings.precision)
        return ModelSource(model, normalize="none").slots(settings, resource_grid)
    if settings.model == "awgn":
        return ModelSource(_Unfaded(*antennas)).slots(settings, resource_grid)
    if settings.family == "system":
        return DropSlots(settings, resource_grid)
    return SlotChannel(settings, resource_grid)
