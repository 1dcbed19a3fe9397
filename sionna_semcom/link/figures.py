# SPDX-License-Identifier: Apache-2.0
"""Metrics that a link measures in addition to its output."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

DROP = "link/drop"
"""Index of the channel drop of each row. It is not a metric."""


class Collection:
    """Metrics [batch] that links record, by name. Nested graphs cannot record metrics."""

    def __init__(self) -> None:
        self._graph = _graph()
        self._noted: dict[str, list[tf.Tensor]] = {}

    @property
    def reachable(self) -> bool:
        """Whether values of the current graph can be used where the collection was created."""
        return _graph() is self._graph

    def note(self, figures: Mapping[str, tf.Tensor]) -> None:
        """Record one value for each transmitted row."""
        for name, values in figures.items():
            self._noted.setdefault(name, []).append(values)

    def figures(self) -> dict[str, tf.Tensor]:
        """Recorded metrics: the mean over several transmissions of a row, or the first drop."""
        return {
            name: values[0] if len(values) == 1 or name == DROP else _mean(values)
            for name, values in self._noted.items()
        }


_collection: ContextVar[Collection | None] = ContextVar("collection", default=None)


@contextmanager
def collecting() -> Iterator[Collection]:
    """Collect the metrics that links record inside this context."""
    collection = Collection()
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)


def wanted() -> Collection | None:
    """Current collection, or `None` if metrics are not collected."""
    collection = _collection.get()
    return collection if collection is not None and collection.reachable else None


def with_link_figures(measure: Callable[..., Mapping[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Add the metrics of the link, such as ``bler``, to the output of ``measure`` of a system."""

    @functools.wraps(measure)
    def measured(*args: Any, **kwargs: Any) -> dict[str, Any]:
        with collecting() as collection:
            figures = measure(*args, **kwargs)
        return {**figures, **collection.figures()}

    return measured


def _mean(values: list[tf.Tensor]) -> tf.Tensor:
    return tf.reduce_mean(tf.stack([tf.cast(one, tf.float32) for one in values]), axis=0)


def _graph() -> Any:
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
