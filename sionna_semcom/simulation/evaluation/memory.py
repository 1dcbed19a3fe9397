# SPDX-License-Identifier: Apache-2.0
"""What was computed of batches that may come again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class Memory:
    """Remembers what was computed of tensors for as long as these exist.

    Batches that are kept, as in a list or in :class:`Batches`, come again as the same tensors. Of
    batches that are read anew nothing is found, and nothing stays in memory.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], Any] = {}

    def __len__(self) -> int:
        """Number of batches that are known."""
        return len(self._known)

    def get(self, batch: Any, compute: Callable[[Any], Any]) -> Any:
        """What ``compute`` gives for ``batch``, which it is asked once while the batch exists."""
        tensors = tf.nest.flatten(batch)
        if not tensors or not all(isinstance(tensor, tf.Tensor) for tensor in tensors):
            return compute(batch)  # others could change in place
        key = tuple(map(id, tensors))
        if key not in self._known:
            self._known[key] = compute(batch)
            for tensor in tensors:  # another tensor could get the id of one that is gone
                weakref.finalize(tensor, _forget, weakref.ref(self), key).atexit = False
        return self._known[key]


def _forget(memory: weakref.ref[Memory], key: tuple[int, ...]) -> None:
    if (known := memory()) is not None:
        known._known.pop(key, None)
