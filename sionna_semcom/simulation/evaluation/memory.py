# SPDX-License-Identifier: Apache-2.0
"""Cache of results that were computed from batches."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class Memory:
    """Cache of values that were computed from tensors. Entries live as long as the tensors.

    Batches that are stored, as in a list or in :class:`Batches`, are the same tensors in each pass,
    so their values are reused. Batches that are read again from a file are new tensors: their
    values are recomputed, and the old entries are released.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], Any] = {}

    def __len__(self) -> int:
        """Number of cached batches."""
        return len(self._known)

    def get(self, batch: Any, compute: Callable[[Any], Any]) -> Any:
        """Result of ``compute(batch)``, which is called once as long as the batch exists."""
        tensors = tf.nest.flatten(batch)
        if not tensors or not all(isinstance(tensor, tf.Tensor) for tensor in tensors):
            return compute(batch)  # mutable objects may change in place
        key = tuple(map(id, tensors))
        if key not in self._known:
            self._known[key] = compute(batch)
            for tensor in tensors:  # a new tensor may get the id of a deleted tensor
                weakref.finalize(tensor, _forget, weakref.ref(self), key).atexit = False
        return self._known[key]


def _forget(memory: weakref.ref[Memory], key: tuple[int, ...]) -> None:
    if (known := memory()) is not None:
        known._known.pop(key, None)
