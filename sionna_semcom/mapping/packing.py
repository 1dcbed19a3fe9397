# SPDX-License-Identifier: Apache-2.0
"""Packing of many short rows of symbols into few slots."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


class SlotPacker:
    r"""Packs rows of symbols into slots and interleaves the symbols of each slot.

    Rows are concatenated until a slot is full. The same permutation for all slots then distributes
    the symbols of a row over the slot, so that each row benefits from the diversity of the channel.
    The rest of the last slot is filled with QPSK symbols, so that all slots have the same power.

    Parameters
    ----------
    capacity : `int`
        Number of symbols in a slot

    seed : `int`
        Seed of the permutation and of the padding

    Raises
    ------
    ValueError
        If ``capacity`` is not positive

    Example
    -------
    >>> packer = SlotPacker(capacity=1728, seed=0)
    >>> slots = packer.pack(symbols)                     # [num_slots, 1728]
    >>> symbols_hat = packer.unpack(slots_hat, *symbols.shape)
    """

    def __init__(self, capacity: int, seed: int = 0) -> None:
        if capacity < 1:
            raise ValueError(f"`capacity` must be at least 1. Received: {capacity}")
        rng = np.random.default_rng(seed)
        self.capacity = capacity
        self._order = rng.permutation(capacity)
        self._inverse = np.argsort(self._order)
        self._padding = np.exp(0.5j * np.pi * (rng.integers(4, size=capacity) + 0.5))

    def num_slots(self, batch: int, num_symbols: int, separate: bool = False) -> int:
        """Number of slots for ``batch`` rows of ``num_symbols`` symbols."""
        if separate:
            return batch * -(-num_symbols // self.capacity)
        return -(-batch * num_symbols // self.capacity)

    def pack(self, symbols: tf.Tensor, separate: bool = False) -> tf.Tensor:
        """Pack ``symbols`` into slots.

        Input
        -----
        symbols : [batch, num_symbols], `tf.complex`
            Rows of symbols

        separate : `bool`, (default `False`)
            Whether each row has its own slots. Its position in the slot is the same as with shared
            slots, because resource elements differ, in particular at the edges of a grid.

        Output
        ------
        : [num_slots, capacity], as ``symbols``
            Slots; if separate, the slots of row :math:`b` are consecutive
        """
        rows = symbols if separate else tf.reshape(symbols, [1, -1])
        num_rows, used = tf.unstack(tf.shape(rows))
        padding = tf.constant(self._padding, symbols.dtype)[: -used % self.capacity]
        rows = tf.concat([rows, tf.tile(padding[tf.newaxis], [num_rows, 1])], axis=1)
        if separate:
            rows = _gather_cyclic(rows, tf.range(tf.shape(rows)[1]) - _starts(num_rows, used))
        return tf.gather(tf.reshape(rows, [-1, self.capacity]), self._order, axis=1)

    def unpack(
        self,
        slots: tf.Tensor,
        batch: int | tf.Tensor,
        num_symbols: int | tf.Tensor,
        separate: bool = False,
    ) -> tf.Tensor:
        """Undo :meth:`pack`, for symbols and for real values of each symbol.

        Input
        -----
        slots : [num_slots, capacity], any type
            Slots

        batch, num_symbols : `int`
            Number of packed rows, and of symbols in each row

        separate : `bool`, (default `False`)
            As in :meth:`pack`

        Output
        ------
        : [batch, num_symbols], as ``slots``
            Rows without the padding
        """
        num_rows, used = (batch, num_symbols) if separate else (1, batch * num_symbols)
        rows = tf.reshape(tf.gather(slots, self._inverse, axis=1), [num_rows, -1])
        if separate:
            rows = _gather_cyclic(rows, tf.range(used) + _starts(num_rows, used))
        return tf.reshape(rows[:, :used], [batch, num_symbols])


def _starts(num_rows: int | tf.Tensor, used: int | tf.Tensor) -> tf.Tensor:
    """Start of each of the concatenated rows of ``used`` symbols: [num_rows, 1]."""
    return tf.range(num_rows)[:, tf.newaxis] * used


def _gather_cyclic(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Select ``columns`` of each row cyclically."""
    return tf.gather(rows, columns % tf.shape(rows)[1], axis=1, batch_dims=1)
