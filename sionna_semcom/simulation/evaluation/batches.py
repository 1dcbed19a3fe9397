# SPDX-License-Identifier: Apache-2.0
"""Batches that are read again and again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

KEPT_BYTES = 2**28
"""Most bytes of batches that are kept in memory"""


class Batches:
    """Batches of a data set that never changes, kept in memory as far as there is room.

    Every pass gives the same tensors, which tells who knows them that nothing about them must be
    computed again, and spares the time that TensorFlow takes to begin a pass.

    Parameters
    ----------
    data : `tf.data.Dataset`
        Batches, the same in every pass
    most_bytes : `int`
        Bytes that may be kept; what comes later is read in every pass
    """

    def __init__(self, data: tf.data.Dataset, most_bytes: int = KEPT_BYTES) -> None:
        self._data = data
        self._room = most_bytes
        self._kept: list[Any] = []
        self._complete = False

    def cardinality(self) -> int:
        """Batches of a pass, or one of TensorFlow's negative codes."""
        return int(self._data.cardinality())

    def __iter__(self) -> Iterator[Any]:
        """Read from the start."""
        number = 0
        while number < len(self._kept):
            yield self._kept[number]
            number += 1
        if self._complete:
            return
        for batch in self._data.skip(number) if number else self._data:
            size = sum(tensor.numpy().nbytes for tensor in tf.nest.flatten(batch))
            if number == len(self._kept) and size <= self._room:
                self._room -= size
                self._kept.append(batch)
            yield batch
            number += 1
        self._complete = number == len(self._kept)
