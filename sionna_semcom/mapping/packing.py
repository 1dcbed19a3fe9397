# SPDX-License-Identifier: Apache-2.0
"""Many short rows of symbols in few slots, so that they share the cost of a channel."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


class SlotPacker:
    r"""Packs rows of symbols into slots and spreads each row over its slot.

    Rows follow one another until a slot is full, and a permutation, the same in every slot, then
    scatters neighbors over the slot, so that a row meets all of the channel's diversity. The
    rest of the last slot is filled with QPSK symbols: its power is that of a full one.

    Parameters
    ----------
    capacity : `int`
        Symbols in a slot

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
        """Slots that ``batch`` rows of ``num_symbols`` occupy."""
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
            Whether each row has slots of its own. It keeps the place in the slot that it would
            have had among the others: resource elements differ, at the edges of a grid above all.

        Output
        ------
        : [num_slots, capacity], as ``symbols``
            Slots; those of row :math:`b` are consecutive if separate
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
        """Undo :meth:`pack`, for symbols and for anything real that belongs to them.

        Input
        -----
        slots : [num_slots, capacity], any type
            Slots

        batch, num_symbols : `int`
            Rows that were packed, and symbols in each

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
    """Where each row of ``used`` symbols starts when one follows the other: [num_rows, 1]."""
    return tf.range(num_rows)[:, tf.newaxis] * used


def _gather_cyclic(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Each row's own ``columns``, counted around the end of the row."""
    return tf.gather(rows, columns % tf.shape(rows)[1], axis=1, batch_dims=1)
