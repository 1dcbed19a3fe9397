# SPDX-License-Identifier: Apache-2.0
"""What the layers see of a channel, and what a receiver knows of it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object

from ...channel.slots.channel import (
    CHUNK,
    in_units,
    slot_energy,
)
from ...channel.slots.estimation import measured_covariances
from ...channel.slots.randomness import own_randomness
from ...channel.slots.source import SlotSource
from ..ofdm.experience import SEEN_SLOTS, seen_count
from .pilot_groups import LayerStatistics


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


def seen_slots(channel: SlotSource) -> tf.Tensor:
    """Slots in which a receiver has learned what it knows, with unit mean energy: a fixed draw.

    256 of them, or all of a pool; fewer of large grids, which show more of the channel each.
    """
    with own_randomness():
        most = SEEN_SLOTS if channel.pool is None else channel.pool.shape[0]
        number = seen_count(int(np.prod(channel(1).shape)), most)
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
