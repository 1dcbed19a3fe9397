# SPDX-License-Identifier: Apache-2.0
"""Slots of a channel with a link budget, normalized by the median drop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy import config
from sionna.phy.ofdm import ResourceGrid

from .channel import CHUNK, chunk_sizes, in_units, slot_energy
from .interference import InterferenceFloor
from .link_budget import Budget, LinkBudget
from .randomness import own_randomness
from .settings import SlotSettings
from .source import SlotSource

MOST_DROPS = 1024  # drops from which errors are learned
FRESH_SLOTS = 2048  # slots in which the median gain of a channel without a pool is measured


class Drops(NamedTuple):
    """Slots, their drops, and the channels of interferers."""

    h: tf.Tensor
    """[num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`."""
    index: tf.Tensor
    """[num_slots], `tf.int32`: index of the drop or channel of a slot; negative for newly drawn
    channels."""
    interferers: tf.Tensor | None
    """As ``h`` with all antennas of all interfering terminals as transmit antennas."""


class BudgetedSlots(SlotSource):
    r"""Slots of a channel in physical units, divided by the root of the median energy of its drops.

    .. math:: \bar{\mathbf{H}}_d = \frac{\mathbf{H}_d}{\sqrt{g_{0.5}}}, \qquad
              g_d = \frac{1}{N_R N_T T F}\sum_{r,t,s,n} |h_{d,r,t,s,n}|^2

    such that :math:`1/N_0` is the SNR of the median drop. The SNR of drop :math:`d` is :math:`g_d /
    g_{0.5}` times as large. With ``normalize="slot"`` all drops have the same energy.

    Parameters
    ----------
    slots : `SlotSource`
        Channel in physical units

    settings : `SlotSettings`
        Settings with a ``link_budget``

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    Raises
    ------
    ValueError
        If the median drop receives nothing
    """

    def __init__(
        self, slots: SlotSource, settings: SlotSettings, resource_grid: ResourceGrid
    ) -> None:
        super().__init__(precision=settings.precision)
        chosen = settings.link_budget or LinkBudget()
        self.slots = slots
        self.has_unit_energy = chosen.normalize == "slot"
        gain = float(np.median(np.concatenate(list(self._energies()))))
        if not gain > 0.0:
            raise ValueError(f"the median drop must receive something. Received: gain={gain:g}")
        self._unit = tf.constant([gain**0.5], self.rdtype)
        spacing = float(resource_grid.subcarrier_spacing)
        bandwidth = spacing * int(resource_grid.num_effective_subcarriers)
        self.budget = Budget(chosen, bandwidth, 10.0 * np.log10(gain))

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        return self.draw(num_slots).h

    def draw(self, num_slots: int | tf.Tensor) -> Drops:
        """Draw ``num_slots`` channels with their drops and interferers."""
        size = self.slots.num_kept
        if size is None:
            return Drops(self._in_unit(self.slots(num_slots)), -1 - tf.range(num_slots), None)
        return self.drops(config.tf_rng.uniform([num_slots], maxval=size, dtype=tf.int32))

    def drops(self, rows: tf.Tensor) -> Drops:
        """The drops ``rows`` with their interferers."""
        others = self.slots.interferers(rows)
        if others is not None:
            others = in_units(others, self._unit)
        return Drops(self.kept(rows), rows, others)

    @property
    def num_kept(self) -> int | None:
        """Number of drops or channels in a pool, or `None` if each slot draws its own."""
        return self.slots.num_kept

    def kept(self, rows: tf.Tensor) -> tf.Tensor:
        """Slots of the drops ``rows``."""
        return self._in_unit(self.slots.kept(rows))

    @property
    def pool(self) -> tf.Tensor | None:
        """All drops of a pool, or `None` if each slot draws its own."""
        pool = self.slots.pool
        return None if pool is None else self._in_unit(pool)

    def seen(self) -> tf.Tensor:
        """Slots with unit mean energy from which a receiver learns the statistics."""
        return self.slots.seen()

    @property
    def interference(self) -> InterferenceFloor:
        """Interference that the model of one matrix per resource element neglects."""
        return self.slots.interference

    def fresh(self, num_slots: int) -> tf.Tensor:
        """Slots that no pool holds."""
        return self._in_unit(self.slots.fresh(num_slots))

    def redraw(self) -> None:
        """Draw new drops. The normalization, and thus the link budget, does not change."""
        self.slots.redraw()

    def _in_unit(self, h: tf.Tensor) -> tf.Tensor:
        return in_units(h, tf.sqrt(slot_energy(h)) if self.has_unit_energy else self._unit)

    def _energies(self) -> Iterator[np.ndarray]:
        """Mean energies of all drops, or of many slots, in physical units."""
        size = self.slots.num_kept
        with own_randomness():
            for start in range(0, size or FRESH_SLOTS, CHUNK):
                if size is None:
                    h = self.slots(CHUNK)
                else:
                    h = self.slots.kept(tf.range(start, min(start + CHUNK, size)))
                yield slot_energy(h).numpy()


def seen_drops(slots: BudgetedSlots, most: int = MOST_DROPS) -> list[Drops]:
    """Chunks of at most ``most`` drops or fresh slots in which a receiver has seen its errors."""
    size = slots.num_kept
    if size is None:
        with own_randomness():
            return [slots.draw(chunk) for chunk in chunk_sizes(most)]
    rows = np.linspace(0, size - 1, min(size, most)).astype(np.int32)
    chunks = np.split(rows, range(CHUNK, len(rows), CHUNK))
    return [slots.drops(tf.constant(chunk)) for chunk in chunks]


def unseen_drops(slots: SlotSource, most: int = MOST_DROPS) -> list[Drops]:
    """Chunks of ``most`` slots that no pool holds, or half as many without a pool.

    The slots have unit mean energy.
    """
    size = most if slots.pool is not None else most // 2
    with own_randomness():
        h = slots.fresh(size)
    h = in_units(h, tf.sqrt(slot_energy(h)))
    chunks = tf.split(h, chunk_sizes(len(h)))
    return [Drops(chunk, -1 - tf.range(len(chunk)), None) for chunk in chunks]


def budget_of(slots: object) -> Budget | None:
    """Link budget of a source of slots, or `None`."""
    return slots.budget if isinstance(slots, BudgetedSlots) else None
