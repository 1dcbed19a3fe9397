# SPDX-License-Identifier: Apache-2.0
"""What links and MIMO channels draw their slots from."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import tensorflow as tf
from sionna.phy.block import Object

from .interference import InterferenceFloor


class SlotSource(Object):
    """Draws the channel of independent slots of one transmitter and one receiver.

    Input
    -----
    num_slots : `int` or [], `tf.int32`
        Slots to draw

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses
    """

    has_unit_energy: bool = True
    """Whether the mean energy of each slot is one; otherwise a receiver measures it."""

    @abstractmethod
    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations that were drawn once, or none if each slot draws its own."""
        return None

    @property
    def num_realizations(self) -> int | None:
        """Realizations that slots are taken from at random, none if each slot draws its own."""
        return None if self.pool is None else self.pool.shape[0]

    def take(self, numbers: tf.Tensor) -> tf.Tensor:
        """The realizations ``numbers`` [num_slots] of those that slots are taken from."""
        return tf.gather(self.pool, numbers)

    def interferers(self, numbers: tf.Tensor) -> tf.Tensor | None:
        """Channels of terminals that interfere in realizations ``numbers``, none if none do.

        [num_slots, 1, num_rx_ant, 1, num_interferers * num_tx_ant, num_ofdm_symbols, fft_size]
        """
        return None

    def redraw(self) -> None:
        """Replace realizations that were drawn once by new ones; there are none."""

    @abstractmethod
    def seen(self) -> tf.Tensor:
        """Slots with unit mean energy in which a receiver has learned the statistics."""

    @property
    @abstractmethod
    def interference(self) -> InterferenceFloor:
        """Interference that one matrix for each resource element leaves out."""


def floor_db(slots: Any) -> float | None:
    """Interference that is left out [dB], none of what only draws slots."""
    return slots.interference.db if isinstance(slots, SlotSource) else None


def has_unit_energy(slots: Any) -> bool:
    """Whether each slot has unit mean energy, as what only draws slots need not have."""
    return isinstance(slots, SlotSource) and slots.has_unit_energy
