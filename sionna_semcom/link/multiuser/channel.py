# SPDX-License-Identifier: Apache-2.0
"""Slots of several users, each with a channel to the same base station."""

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
    """Paths of all users of a drop as those of one user a row; users of a drop follow each other.

    Input
    -----
    a : [num_drops, 1, num_rx_ant, num_users, num_tx_ant, num_paths, num_ofdm_symbols] in the
        uplink; in the downlink users are on the axis of receivers, `tf.complex`
        Path coefficients

    tau : [num_drops, 1, num_users, num_paths], or with the two in the middle swapped, `tf.float`
        Path delays [s]

    uplink : `bool`
        Whether users transmit

    Output
    ------
    a, tau :
        The same, [num_drops * num_users, 1, num_rx_ant, 1, num_tx_ant, ...]
    """
    if uplink:
        a = tf.transpose(a, [0, 3, 2, 1, 4, 5, 6])
        tau = tf.transpose(tau, [0, 2, 1, 3])
    a = tf.reshape(a, [-1, 1, a.shape[2], 1, *a.shape[4:]])
    return a, tf.reshape(tau, [-1, 1, 1, tau.shape[3]])


class DropSlots(SlotChannel):
    """Draws slots of users who are dropped in one sector of a system-level model.

    As `SlotChannel`, with the users of a drop one after the other along the first axis. Each has
    unit mean energy, or with path loss all users of a drop have together, on average.
    """

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels, a multiple of the users."""
        users = self._settings.num_terminals
        pool: Any = self._pool
        drops = config.tf_rng.uniform(
            [num_slots // users], maxval=pool.shape[0] // users, dtype=tf.int32
        )
        rows = users * drops[:, tf.newaxis] + tf.range(users)
        return tf.gather(pool, tf.reshape(rows, [-1]))

    def redraw(self) -> None:
        """Fill the pool with new drops, also for graphs that were traced before."""
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

    Users are antennas of one transmitter in the uplink, and of one receiver in the downlink:

    .. math:: \mathbf{H} = [\mathbf{H}_1, \dots, \mathbf{H}_K] \quad\text{or}\quad
              \mathbf{H} = [\mathbf{H}_1^\mathsf{T}, \dots, \mathbf{H}_K^\mathsf{T}]^\mathsf{T}

    With orthogonal access slot ``n`` is that of user ``n % num_users`` alone.

    Parameters
    ----------
    settings : `MultiUserSettings`
        Channel model, users and their antennas

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    source : `ChannelSource` | `None`
        Where the channel of each user comes from, if not from a model by its name

    Input
    -----
    num_slots : `int` or [], `tf.int32`
        Slots to draw; with orthogonal access a multiple of the users

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses, with the antennas of all users who share a slot
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
        """Channels of single users that were drawn once, or none if each slot draws its own."""
        return self._single.pool

    def redraw(self) -> None:
        """Replace the channels of single users that were drawn once by new ones."""
        self._single.redraw()

    def seen(self) -> tf.Tensor:
        """Channels of single users in which a receiver has learned the statistics."""
        return self._single.seen()

    @property
    def interference(self) -> InterferenceFloor:
        """Interference that one matrix for each resource element leaves out."""
        if self._settings.model in ("flat", "awgn"):
            return InterferenceFloor(0.0, 0.0)
        return self._single.interference

    def _energies(self, rows: tf.Tensor) -> tf.Tensor:
        """Log-normal energies with a mean of one over the users of each slot, [rows, 1, ..., 1]."""
        users = self._settings.num_users
        normal = config.tf_rng.normal([rows // users, users], dtype=self.rdtype)
        energies = tf.pow(tf.cast(10.0, self.rdtype), self._settings.shadowing_db * normal / 10.0)
        energies /= tf.reduce_mean(energies, -1, keepdims=True)
        return tf.reshape(energies, [-1, *[1] * 6])


class _Unfaded(ChannelModel):
    """One path without fading between any two antennas."""

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
    """What draws the channels of single users, those of a slot one after the other."""
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
