# SPDX-License-Identifier: Apache-2.0
"""Figures of what a link sends beside the latents, for whoever measures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

DROP = "link/drop"
"""Figure that says which drop of a channel a row met; it is no metric"""


class Collection:
    """Figures [batch] that links note, by name; those of a graph inside this one are left out."""

    def __init__(self) -> None:
        self._graph = _graph()
        self._noted: dict[str, list[tf.Tensor]] = {}

    @property
    def reachable(self) -> bool:
        """Whether what is noted here and now can be used where the collection was made."""
        return _graph() is self._graph

    def note(self, figures: Mapping[str, tf.Tensor]) -> None:
        """Note one value for each row that crossed a link."""
        for name, values in figures.items():
            self._noted.setdefault(name, []).append(values)

    def figures(self) -> dict[str, tf.Tensor]:
        """What was noted; where rows crossed links several times, the mean or the first drop."""
        return {
            name: values[0] if len(values) == 1 or name == DROP else _mean(values)
            for name, values in self._noted.items()
        }


_collection: ContextVar[Collection | None] = ContextVar("collection", default=None)


@contextmanager
def collecting() -> Iterator[Collection]:
    """Give a collection of what links note inside the context."""
    collection = Collection()
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)


def wanted() -> Collection | None:
    """The collection that figures can be noted in; none if nobody asks for them."""
    collection = _collection.get()
    return collection if collection is not None and collection.reachable else None


def with_link_figures(measure: Callable[..., Mapping[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Let the ``measure`` of a system also give what its link notes, such as ``bler``."""

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
