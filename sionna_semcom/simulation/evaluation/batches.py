# SPDX-License-Identifier: Apache-2.0
"""Batches that are read repeatedly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

KEPT_BYTES = 2**28
"""Maximum size of the batches that are kept in memory [bytes]"""


class Batches:
    """Batches of a constant data set, kept in memory up to a maximum size.

    Each pass yields the same tensors for the batches in memory. Values that were computed from them
    can therefore be reused (:class:`Memory`), and TensorFlow does not have to start a new iterator.

    Parameters
    ----------
    data : `tf.data.Dataset`
        Batches, equal in each pass
    most_bytes : `int`
        Maximum size of the batches in memory [bytes]. The remaining batches are read in each pass.
    """

    def __init__(self, data: tf.data.Dataset, most_bytes: int = KEPT_BYTES) -> None:
        self._data = data
        self._room = most_bytes
        self._kept: list[Any] = []
        self._complete = False

    def cardinality(self) -> int:
        """Number of batches of a pass, or TensorFlow's negative code if infinite or unknown."""
        return int(self._data.cardinality())

    def __iter__(self) -> Iterator[Any]:
        """Iterate over all batches from the start."""
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
