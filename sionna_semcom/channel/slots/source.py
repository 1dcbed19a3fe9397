# SPDX-License-Identifier: Apache-2.0
"""Base class of the sources of slots of links and MIMO channels."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import tensorflow as tf
from sionna.phy import config
from sionna.phy.block import Object

from .interference import InterferenceFloor

CHUNK = 64  # slots drawn at once
NO_PATHS = (
    "`domain`='time' needs gains and delays of paths, as `kind`='cir' or a channel model has them; "
    "this channel has frequency responses. Use `domain`='frequency'. Received: domain='time'"
)
NONE_KEPT = (
    "paths are taken from the slots of a pool or a file, but this channel draws new frequency "
    "responses. Received: num_kept=None"
)


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
    """Whether each slot has unit mean energy; otherwise the receiver measures it"""

    @abstractmethod
    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations of a pool, or `None` if each slot draws its own."""
        return None

    @property
    def num_kept(self) -> int | None:
        """Number of slots in a pool or file, or `None` if each slot draws its own."""
        return None

    def kept(self, rows: tf.Tensor) -> tf.Tensor:
        """Frequency responses of the slots ``rows`` of a pool or a file."""
        raise ValueError(NONE_KEPT)

    def kept_paths(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Paths of the slots ``rows`` of a pool or a file, in the format of `paths`."""
        raise ValueError(NO_PATHS)

    def random_rows(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Random indices of ``num_slots`` slots of a pool or a file, with replacement."""
        if self.num_kept is None:
            raise ValueError(NONE_KEPT)
        return config.tf_rng.uniform([num_slots], maxval=self.num_kept, dtype=tf.int32)

    def paths(self, num_slots: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw the paths of ``num_slots`` slots at the times of their `Waveform`.

        Output
        ------
        a : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_paths, num_steps], `tf.complex`
            Coefficients, in the unit of the frequency responses

        tau : [num_slots, 1, 1, num_paths], `tf.float`
            Delays after the first path [s]

        Raises
        ------
        ValueError
            If the channel has only frequency responses
        """
        return self.kept_paths(self.random_rows(num_slots))

    @property
    def max_delay(self) -> float:
        """Longest delay of a path after the first [s]."""
        raise ValueError(NO_PATHS)

    def interferers(self, numbers: tf.Tensor) -> tf.Tensor | None:
        """Channels of the interfering terminals in realizations ``numbers``, or `None`.

        [num_slots, 1, num_rx_ant, 1, num_interferers * num_tx_ant, num_ofdm_symbols, fft_size]
        """
        return None

    def fresh(self, num_slots: int) -> tf.Tensor:
        """About ``num_slots`` slots that no pool holds; those of a file are taken at random."""
        chunks = [self(size) for size in chunk_sizes(num_slots)]
        return tf.concat(chunks, axis=0)

    def redraw(self) -> None:
        """Draw a new pool. Sources without a pool do nothing."""

    @abstractmethod
    def seen(self) -> tf.Tensor:
        """Slots with unit mean energy from which a receiver learns the statistics."""

    @property
    @abstractmethod
    def interference(self) -> InterferenceFloor:
        """Interference that the model of one matrix per resource element neglects."""


def chunk_sizes(size: int) -> list[int]:
    """Sizes of the chunks in which so many slots are drawn, which bounds the memory."""
    return [min(CHUNK, size - start) for start in range(0, size, CHUNK)]


def floor_db(slots: Any) -> float | None:
    """Neglected interference [dB], or `None` for a function that only draws slots."""
    return slots.interference.db if isinstance(slots, SlotSource) else None


def has_unit_energy(slots: Any) -> bool:
    """Whether each slot has unit mean energy. `False` for a function that only draws slots."""
    return isinstance(slots, SlotSource) and slots.has_unit_energy
