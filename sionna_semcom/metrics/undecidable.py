# SPDX-License-Identifier: Apache-2.0
"""Outputs that are not finite, which a decision on them would hide.

The largest of several NaN has an index like any other. A metric that decides therefore notes what
it decides on, and the Monte Carlo loop asks whether that was finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf


class Watch:
    """Counts samples of which something that was noted is not finite."""

    def __init__(self) -> None:
        self._graph = _graph()
        self._counts: list[tf.Tensor] = []

    def note(self, outputs: tf.Tensor) -> None:
        """Note ``outputs`` [batch, ...]; those of a graph inside this one cannot be seen."""
        if _graph() is self._graph:
            finite = tf.reshape(tf.math.is_finite(outputs), [tf.shape(outputs)[0], -1])
            bad = tf.logical_not(tf.reduce_all(finite, -1))
            self._counts.append(tf.reduce_sum(tf.cast(bad, tf.int32)))

    def count(self) -> tf.Tensor:
        """Most samples that were not finite in anything that was noted: [], `int32`."""
        return tf.reduce_max(tf.stack([tf.constant(0), *self._counts]))


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching() -> Iterator[Watch]:
    """Give a watch that sees what is noted inside the context."""
    watch = Watch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def note_outputs(*outputs: Any) -> None:
    """Note ``outputs`` [batch, ...] of networks, or what goes into them, for whoever measures."""
    watch = _watch.get()
    if watch is None:
        return
    for output in map(tf.convert_to_tensor, outputs):
        if output.dtype.is_floating and output.shape.rank:
            watch.note(output)


def _graph() -> Any:
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
