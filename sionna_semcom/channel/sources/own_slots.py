# SPDX-License-Identifier: Apache-2.0
"""Slots of your own channels, and their measured statistics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid

from ..slots.channel import CHUNK, in_units, slot_energy
from ..slots.interference import (
    NOTHING_LEFT_OUT,
    InterferenceFloor,
    measured_doppler_interference,
)
from ..slots.settings import SlotSettings
from ..slots.source import SlotSource

MOST_SEEN = 512  # slots from which a receiver learns the statistics of a channel
MOST_VALUES = 2**25  # maximum number of complex values in them, 256 MiB in single precision


class OwnSlots(SlotSource):
    """Draws slots of a source with the normalization of its settings.

    Parameters
    ----------
    settings : `SlotSettings`
        Antennas and precision

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    normalize : "slot" | "average" | "none"
        Normalization to unit mean energy

    See `SlotSource` for input and output.
    """

    def __init__(
        self,
        settings: SlotSettings,
        resource_grid: ResourceGrid,
        normalize: Literal["slot", "average", "none"],
    ) -> None:
        super().__init__(precision=settings.precision)
        self._settings, self._grid, self._normalize = settings, resource_grid, normalize
        self.has_unit_energy = normalize == "slot"
        self._unit = tf.ones([1], self.rdtype)
        self._measured: InterferenceFloor | None = None

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        return spread(self._in_unit(self._draw(num_slots)), self._grid.num_ofdm_symbols)

    def seen(self) -> tf.Tensor:
        """Slots with unit mean energy from which a receiver learns the statistics."""
        symbols = self._grid.num_ofdm_symbols
        pairs = self._settings.num_rx_ant * self._settings.num_tx_ant
        most = MOST_VALUES // (pairs * symbols * self._settings.fft_size)
        chunks = self._seen(max(1, min(MOST_SEEN, most)))
        slots = tf.concat([in_units(h, tf.sqrt(slot_energy(h))) for h in chunks], axis=0)
        return spread(slots, symbols)

    @property
    def interference(self) -> InterferenceFloor:
        """Measured interference that the model of one matrix per resource element neglects."""
        if self._settings.domain == "time":
            return NOTHING_LEFT_OUT
        if self._measured is None:
            symbols = self._grid.ofdm_symbol_duration * self._settings.subcarrier_spacing
            doppler = measured_doppler_interference(self.seen(), symbols)
            self._measured = InterferenceFloor(doppler, self._delay_interference())
        return self._measured

    @abstractmethod
    def _draw(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw slots in the unit of the source, with all OFDM symbols, or with a single one."""

    @abstractmethod
    def _seen(self, most: int) -> Iterator[tf.Tensor]:
        """At most ``most`` slots in chunks, in the format of `_draw`."""

    def _delay_interference(self) -> float:
        """Interference from paths beyond the cyclic prefix, if paths are known."""
        return 0.0

    def _in_unit(self, h: tf.Tensor) -> tf.Tensor:
        # no backward pass, because there are no weights
        return tf.stop_gradient(in_units(h, self._unit_of(h)))

    def _unit_of(self, h: tf.Tensor) -> tf.Tensor:
        return tf.sqrt(slot_energy(h)) if self.has_unit_energy else self._unit


class KeptSlots(OwnSlots):
    """Draws slots at random from a file.

    Parameters
    ----------
    rows : [num_slots], `int`
        Rows of the file from which slots are drawn

    See `OwnSlots` for the others, input and output.
    """

    def __init__(
        self,
        settings: SlotSettings,
        resource_grid: ResourceGrid,
        normalize: Literal["slot", "average", "none"],
        rows: np.ndarray,
    ) -> None:
        super().__init__(settings, resource_grid, normalize)
        self._rows = tf.constant(rows, tf.int32)

    @abstractmethod
    def _take(self, rows: tf.Tensor) -> tf.Tensor:
        """Slots ``rows`` of the file."""

    @property
    def num_kept(self) -> int:
        """Number of rows of the file from which slots are drawn."""
        return len(self._rows)

    def kept(self, rows: tf.Tensor) -> tf.Tensor:
        """Frequency responses of the slots with indices ``rows`` in the split."""
        h = self._in_unit(self._take(tf.gather(self._rows, rows)))
        return spread(h, self._grid.num_ofdm_symbols)

    def _draw(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        return self._take(tf.gather(self._rows, self.random_rows(num_slots)))

    def _seen(self, most: int) -> Iterator[tf.Tensor]:
        count = min(most, len(self._rows))
        chosen = np.linspace(0, len(self._rows) - 1, count).astype(int)
        return self._chunks(self._rows.numpy()[chosen])

    def _scale(self, rows: np.ndarray) -> None:
        """Normalize the mean energy over ``rows`` of all splits, if ``normalize`` is "average"."""
        if self._normalize == "average":
            total = sum(float(tf.reduce_sum(slot_energy(h))) for h in self._chunks(rows))
            self._unit = tf.constant([np.sqrt(total / len(rows))], self.rdtype)

    def _chunks(self, rows: np.ndarray) -> Iterator[tf.Tensor]:
        for start in range(0, len(rows), CHUNK):
            yield self._take(tf.constant(rows[start : start + CHUNK], tf.int32))


def spread(h: tf.Tensor, num_ofdm_symbols: int) -> tf.Tensor:
    """Repeat ``h`` of rank 7 over all OFDM symbols if it has a single one."""
    if h.shape[5] == num_ofdm_symbols:
        return h
    shape = tf.shape(h)
    wide = tf.broadcast_to(h, [*tf.unstack(shape[:5]), num_ofdm_symbols, shape[6]])
    return tf.ensure_shape(wide, [*h.shape[:5], num_ofdm_symbols, h.shape[6]])
