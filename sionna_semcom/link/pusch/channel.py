# SPDX-License-Identifier: Apache-2.0
"""Slots of any of Sionna's channel models, and what the layers see of them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy import config
from sionna.phy.block import Object
from sionna.phy.channel import ChannelModel, cir_to_ofdm_channel, subcarrier_frequencies
from sionna.phy.ofdm import ResourceGrid

from ...channel.slots.channel import (
    CHUNK,
    SlotChannel,
    frequency_response,
    in_units,
    slot_energy,
)
from ...channel.slots.estimation import measured_covariances
from ...channel.slots.randomness import own_randomness
from ...channel.slots.settings import DEFAULT_DROPS
from .pilot_groups import LayerStatistics

SEEN_SLOTS = 256  # in which a receiver learns what it knows of a channel
MIN_SLOTS = 32
MAX_SEEN = 2**24  # complex numbers, 128 MiB


class ModelChannel(Object):
    """Draws the channel of slots from a channel model of Sionna.

    A model that is bound to a batch size, as UMi with a topology, fills a pool once, of which a
    call takes realizations at random.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.ChannelModel`
        Channel model of one transmitter and one receiver

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    antennas : (`int`, `int`)
        Receive and transmit antennas

    normalize : `bool`
        Whether each slot gets unit mean energy

    pool_size : `int` | `None`
        Realizations drawn once and reused; `None` draws anew where the model can

    Input
    -----
    num_slots : `int` or [], `tf.int32`
        Slots to draw

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses

    Raises
    ------
    ValueError
        If the model has other transmitters, receivers or antennas, or gives no impulse response
    """

    def __init__(
        self,
        model: ChannelModel,
        resource_grid: ResourceGrid,
        antennas: tuple[int, int],
        normalize: bool,
        pool_size: int | None = None,
        precision: str | None = None,
    ) -> None:
        super().__init__(precision=precision)
        self._model, self._normalize = model, normalize
        self._times = resource_grid.num_ofdm_symbols, 1.0 / resource_grid.ofdm_symbol_duration
        self._frequencies = subcarrier_frequencies(
            resource_grid.fft_size, resource_grid.subcarrier_spacing, precision=self.precision
        )
        with own_randomness():
            bound = self._check(antennas) != 2
        self._pool: tf.Variable | None = None
        if bound or pool_size is not None:
            size = pool_size or DEFAULT_DROPS
            self._pool = tf.Variable(self._draw_pool(size), trainable=False)

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        if self._pool is None:
            return self._generate(num_slots)
        drawn = config.tf_rng.uniform([num_slots], maxval=self._pool.shape[0], dtype=tf.int32)
        return tf.gather(self._pool, drawn)

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations of the pool, or none if each slot draws its own."""
        return None if self._pool is None else self._pool.value()

    def redraw(self) -> None:
        """Fill the pool with new realizations, also for graphs that were traced before."""
        if self._pool is not None:
            self._pool.assign(self._draw_pool(self._pool.shape[0]))

    def _generate(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        a, tau = self._model(num_slots, *self._times)
        if self._normalize:
            return frequency_response(a, tau, self._frequencies)
        return cir_to_ofdm_channel(self._frequencies, a, tau)

    def _draw_pool(self, size: int) -> tf.Tensor:
        drawn: list[tf.Tensor] = []
        while sum(len(chunk) for chunk in drawn) < size:
            drawn.append(self._generate(min(CHUNK, size)))
        return tf.concat(drawn, axis=0)[:size]

    def _check(self, antennas: tuple[int, int]) -> int:
        """Slots that the model gives where two are asked for."""
        rule = (
            "`channel` must be a channel model of Sionna with one receiver of "
            f"num_rx_ant={antennas[0]} and one transmitter of num_antenna_ports={antennas[1]}. "
        )
        if not callable(self._model):
            raise ValueError(f"{rule}Received: {type(self._model).__name__}")
        try:
            a, tau = self._model(2, *self._times)
        except Exception as error:  # of whatever the user gave
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"{rule}Received: one that fails, {reason}") from error
        wanted = [None, 1, antennas[0], 1, antennas[1], None, self._times[0]]
        fits = a.shape.is_compatible_with(wanted) and tau.shape.rank == 4
        if not fits:
            raise ValueError(f"{rule}Received: a of shape {a.shape}, tau of shape {tau.shape}")
        if not (np.isfinite(a).all() and np.isfinite(tau).all()):
            raise ValueError(f"{rule}Received: one that is not finite")
        return int(a.shape[0])


class LayerChannel(Object):
    r"""What the layers see: the channel times the precoding matrix, which has unit total power.

    .. math:: \tilde{\mathbf{H}} = \mathbf{H}\mathbf{W}, \qquad \lVert\mathbf{W}\rVert_F^2 = 1

    Parameters
    ----------
    matrix : [num_antenna_ports, num_layers], `complex`
        Precoding matrix :math:`\mathbf{W}`

    Input
    -----
    h : [num_slots, 1, num_rx_ant, 1, num_antenna_ports, num_ofdm_symbols, fft_size], `tf.complex`
        Channel

    no : `tf.float`
        Noise power, which the precoder does not depend on

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_layers, num_ofdm_symbols, fft_size], `tf.complex`
        Channel of the layers
    """

    def __init__(self, matrix: np.ndarray, precision: str | None = None) -> None:
        super().__init__(precision=precision)
        self._matrix = tf.constant(matrix, self.cdtype)

    def __call__(self, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Precode the channel ``h``."""
        layers = tf.einsum("brptf,ps->brstf", h[:, 0, :, 0], self._matrix)
        return layers[:, tf.newaxis, :, tf.newaxis]


def seen_slots(channel: SlotChannel | ModelChannel) -> tf.Tensor:
    """Slots in which a receiver has learned what it knows, with unit mean energy: a fixed draw.

    256 of them, or all of a pool; fewer of large grids, which show more of the channel each.
    """
    with own_randomness():
        most = SEEN_SLOTS if channel.pool is None else channel.pool.shape[0]
        number = int(np.clip(MAX_SEEN // np.prod(channel(1).shape), MIN_SLOTS, most))
        if channel.pool is not None:
            slots = channel.pool[:number]
        else:
            chunks = [channel(min(CHUNK, number - at)) for at in range(0, number, CHUNK)]
            slots = tf.concat(chunks, axis=0)
    return in_units(slots, tf.sqrt(slot_energy(slots)))


def layer_statistics(h: tf.Tensor) -> LayerStatistics:
    """Statistics of what the layers see, measured in slots ``h``, the output of `LayerChannel`."""
    h = h[:, 0, :, 0]
    rows = tf.reshape(tf.transpose(h, [0, 1, 3, 4, 2]), [-1, h.shape[2]]).numpy()
    return LayerStatistics(*measured_covariances(h), rows.T @ rows.conj() / len(rows))
