# SPDX-License-Identifier: Apache-2.0
"""Detection of outputs that are not finite before a decision hides them.

The index of the largest of several NaN is a valid class. A metric with a decision therefore notes
the input of the decision, and the Monte Carlo loop checks whether this input was finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf


class Watch:
    """Counts samples with noted values that are not finite."""

    def __init__(self) -> None:
        self._graph = _graph()
        self._counts: list[tf.Tensor] = []

    def note(self, outputs: tf.Tensor) -> None:
        """Note ``outputs`` [batch, ...]. Outputs of a nested graph are ignored."""
        if _graph() is self._graph:
            finite = tf.reshape(tf.math.is_finite(outputs), [tf.shape(outputs)[0], -1])
            bad = tf.logical_not(tf.reduce_all(finite, -1))
            self._counts.append(tf.reduce_sum(tf.cast(bad, tf.int32)))

    def count(self) -> tf.Tensor:
        """Maximum number of samples that are not finite, over all notes: [], `int32`."""
        return tf.reduce_max(tf.stack([tf.constant(0), *self._counts]))


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watching() -> Iterator[Watch]:
    """Return a watch that records all outputs noted inside the context.

    Output
    ------
    : context manager
        Context of a `Watch`
    """
    watch = Watch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def note_outputs(*outputs: Any) -> None:
    """Note ``outputs`` [batch, ...] or inputs of networks for the check of finite values."""
    watch = _watch.get()
    if watch is None:
        return
    for output in map(tf.convert_to_tensor, outputs):
        if output.dtype.is_floating and output.shape.rank:
            watch.note(output)


def _graph() -> Any:
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
