# SPDX-License-Identifier: Apache-2.0
"""Packing of many short rows of symbols into few slots."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid


class SlotPacker:
    r"""Packs rows of symbols into slots and interleaves the symbols of each slot.

    Rows are concatenated until a slot is full. The same permutation for all slots then distributes
    the symbols of a row over the slot, so that each row benefits from the diversity of the channel.
    The rest of the last slot is filled with QPSK symbols, so that all slots have the same power.

    With a resource grid, slots have the shape that Sionna's
    :class:`~sionna.phy.ofdm.ResourceGridMapper` takes and its equalizers give. Each transmitter
    sends its own rows, which spread over its streams.

    Parameters
    ----------
    capacity : `int` | :class:`~sionna.phy.ofdm.ResourceGrid`
        Number of symbols in a slot, or the grid whose data elements they fill

    seed : `int`
        Seed of the permutation and of the padding

    Attributes
    ----------
    capacity : `int`
        Symbols in a slot of one transmitter
    num_tx : `int`
        Transmitters
    slot_shape : `tuple` of `int`
        Shape of a slot: (capacity,), or (num_tx, num_streams_per_tx, num_data_symbols) of a grid

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

    def __init__(self, capacity: int | ResourceGrid, seed: int = 0) -> None:
        self.num_tx: int = 1
        self.slot_shape: tuple[int, ...]
        if isinstance(capacity, ResourceGrid):
            streams = capacity.num_streams_per_tx, int(capacity.num_data_symbols)
            self.num_tx, self.slot_shape = capacity.num_tx, (capacity.num_tx, *streams)
            capacity = int(np.prod(streams))
        else:
            self.slot_shape = (capacity,)
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

    def pack(
        self, symbols: tf.Tensor, separate: bool = False, num_slots: int | None = None
    ) -> tf.Tensor:
        """Pack ``symbols`` into slots.

        Input
        -----
        symbols : [batch, num_symbols] or, of several transmitters, [batch, num_tx, num_symbols]
            Rows of symbols, `tf.complex`

        separate : `bool`, (default `False`)
            Whether each row has its own slots. Its position in the slot is the same as with shared
            slots, because resource elements differ, in particular at the edges of a grid.

        num_slots : `None` (as many as it takes) | `int`
            Number of slots of the output, for channels with a fixed number of slots, if rows share
            slots. Unused elements are filled with QPSK symbols.

        Output
        ------
        : [num_slots, ...], as ``symbols``, with the shape of a slot appended
            Slots; if separate, the slots of row :math:`b` are consecutive

        Raises
        ------
        ValueError
            If ``symbols`` have another shape, or do not fit into ``num_slots``. A graph whose
            number of symbols is known only when it runs raises `tf.errors.InvalidArgumentError`
        """
        users = self._users(tf.convert_to_tensor(symbols))
        batch, num_symbols = tf.unstack(tf.shape(users)[1:])
        shape = [self.num_tx * batch, num_symbols] if separate else [self.num_tx, -1]
        rows = tf.reshape(users, shape)
        num_rows, used = tf.unstack(tf.shape(rows))
        missing = -used % self.capacity
        if num_slots is not None and not separate:
            missing = self._missing(used, num_slots, rows.shape[1])
        padding = tf.gather(
            tf.constant(self._padding, users.dtype), tf.range(missing) % self.capacity
        )
        rows = tf.concat([rows, tf.tile(padding[tf.newaxis], [num_rows, 1])], axis=1)
        if separate:
            starts = self._starts(batch, num_symbols)
            rows = _gather_cyclic(rows, tf.range(tf.shape(rows)[1]) - starts)
        slots = tf.gather(tf.reshape(rows, [-1, self.capacity]), self._order, axis=1)
        if len(self.slot_shape) == 1:
            return slots
        by_user = tf.reshape(slots, [self.num_tx, -1, *self.slot_shape[1:]])
        return tf.transpose(by_user, [1, 0, 2, 3])

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
        slots : [num_slots, ...], any type
            Slots

        batch, num_symbols : `int`
            Number of packed rows, and of symbols in each row

        separate : `bool`, (default `False`)
            As in :meth:`pack`

        Output
        ------
        : [batch, num_symbols] or, of several transmitters, [batch, num_tx, num_symbols]
            Rows without the padding, as ``slots``

        Raises
        ------
        ValueError
            If ``slots`` have another shape, are too few for the rows or, if separate, are not
            exactly as many as the rows need. A graph whose numbers of slots, rows or symbols are
            known only when it runs raises `tf.errors.InvalidArgumentError`
        """
        slots = tf.convert_to_tensor(slots)
        self._check_slots(slots, batch, num_symbols, separate)
        if len(self.slot_shape) > 1:
            slots = tf.reshape(tf.transpose(slots, [1, 0, 2, 3]), [-1, self.capacity])
        num_rows, used = (batch, num_symbols) if separate else (1, batch * num_symbols)
        rows = tf.gather(slots, self._inverse, axis=1)
        width = -(-num_symbols // self.capacity) * self.capacity if separate else -1
        rows = tf.reshape(rows, [self.num_tx * num_rows, width])
        if separate:
            rows = _gather_cyclic(rows, tf.range(used) + self._starts(num_rows, used))
        users = tf.reshape(rows[:, :used], [self.num_tx, batch, num_symbols])
        return users[0] if self.num_tx == 1 else tf.transpose(users, [1, 0, 2])

    def _users(self, symbols: tf.Tensor) -> tf.Tensor:
        """``symbols`` as [num_tx, batch, num_symbols]."""
        wanted = [None, None] if self.num_tx == 1 else [None, self.num_tx, None]
        if not symbols.shape.is_compatible_with(wanted):
            rows = (
                "[batch, num_symbols]"
                if self.num_tx == 1
                else f"[batch, {self.num_tx}, num_symbols]"
            )
            raise ValueError(
                f"`symbols` must have shape {rows}: rows of any length, which are packed into "
                f"slots. Received: shape={symbols.shape}"
            )
        if self.num_tx == 1:
            return tf.ensure_shape(symbols, wanted)[tf.newaxis]
        return tf.transpose(symbols, [1, 0, 2])

    def _missing(self, used: tf.Tensor, num_slots: int, known: int | None) -> tf.Tensor:
        """Number of unused symbols in ``num_slots``, given ``used`` symbols."""
        needed = -(-(used if known is None else known) // self.capacity)
        rule = (
            f"`num_slots` must have room for all rows: {self.capacity} symbols per slot. "
            f"Send fewer rows at a time, or increase it. Received: num_slots={num_slots}"
        )
        if known is not None and needed > num_slots:
            raise ValueError(f"{rule} for rows that fill {needed}")
        fits = tf.debugging.Assert(needed <= num_slots, [rule, "for rows that fill", needed])
        with tf.control_dependencies([] if fits is None else [fits]):
            return num_slots * self.capacity - tf.identity(used)

    def _check_slots(self, slots: tf.Tensor, batch: Any, num_symbols: Any, separate: bool) -> None:
        if not slots.shape.is_compatible_with([None, *self.slot_shape]):
            wanted = ", ".join(map(str, self.slot_shape))
            raise ValueError(
                f"`slots` must have shape [num_slots, {wanted}], as `pack` gives them. "
                f"Received: shape={slots.shape}"
            )
        rows, size = tf.get_static_value(batch), tf.get_static_value(num_symbols)
        if slots.shape[0] is None or rows is None or size is None:
            return
        needed = self.num_slots(int(rows), int(size), separate)
        if separate and slots.shape[0] != needed:
            raise ValueError(
                f"`slots` must be exactly {needed}, because each of {rows} separate rows of {size} "
                f"symbols has {needed // max(int(rows), 1)} at {self.capacity} a slot. "
                f"Received: {slots.shape[0]}"
            )
        if slots.shape[0] < needed:
            raise ValueError(
                f"`slots` must be {needed} or more to hold {rows} rows of {size} symbols at "
                f"{self.capacity} a slot. Received: {slots.shape[0]}"
            )

    def _starts(self, batch: int | tf.Tensor, used: int | tf.Tensor) -> tf.Tensor:
        """Start of each of the concatenated rows of ``used`` symbols: [num_rows, 1]."""
        return tf.tile(tf.range(batch)[:, tf.newaxis] * used, [self.num_tx, 1])


def _gather_cyclic(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Select ``columns`` of each row cyclically."""
    return tf.gather(rows, columns % tf.shape(rows)[1], axis=1, batch_dims=1)
