# SPDX-License-Identifier: Apache-2.0
"""Layers that are used in several places of a saved system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import keras


def unique_names(layers: Iterable[keras.Layer]) -> list[str]:
    """Names that only one of ``layers`` has."""
    counts = Counter(layer.name for layer in layers)
    return sorted(name for name, count in counts.items() if count == 1)


def with_shared_layers(config: Mapping[str, Any], unique: Collection[str]) -> dict[str, Any]:
    """Copy of ``config`` in which repeated configurations of a layer are marked as one object.

    While Keras loads a model, objects with equal ``shared_object_id`` are the same object. Keras
    loses the mark of the first one if it copies configurations of nested objects. A layer inside a
    functional model is marked only if it comes first, because Keras addresses the outputs of such
    a layer by number.

    Parameters
    ----------
    config : `dict`
        Configuration of a system
    unique : collection of `str`
        Names of layers that no other layer of the system has
    """
    marked: dict[str, Any] = _copied(dict(config))
    layers: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for node in _layers(marked, unique):
        key = node.get("registered_name"), node["class_name"], node["config"]["name"]
        layers.setdefault(key, []).append(node)
    for key, nodes in layers.items():
        if len(nodes) > 1:
            marks = [node["shared_object_id"] for node in nodes if "shared_object_id" in node]
            for number, node in enumerate(nodes):
                if number and "inbound_nodes" in node:
                    node.pop("shared_object_id", None)
                else:
                    node["shared_object_id"] = marks[0] if marks else key
    return marked


def _copied(value: Any) -> Any:
    """Copy of the containers in a configuration."""
    if isinstance(value, Mapping):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, (list, tuple)) else value


def _layers(config: Any, unique: Collection[str]) -> Iterator[dict[str, Any]]:
    """Configurations of layers with ``unique`` names."""
    if isinstance(config, dict):
        own = config.get("config")
        if (
            isinstance(own, dict)
            and own.get("name") in unique
            and config.get("class_name") not in (None, "InputLayer")
        ):
            yield config
        config = list(config.values())
    if isinstance(config, list):
        for one in config:
            yield from _layers(one, unique)
