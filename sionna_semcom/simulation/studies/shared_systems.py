# SPDX-License-Identifier: Apache-2.0
"""Trained systems that share one instance per configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from typing import Any

import keras
import numpy as np

from ...systems.base.saving import SavedModel


class SharedSystems:
    """Trained systems by key. Systems that differ only in their weights share one Keras model.

    Graphs belong to an instance. Systems that were trained with different seeds or learning rates
    are therefore traced once. The outputs of a system depend only on its configuration and its
    weights, because nothing else is saved.
    """

    def __init__(self) -> None:
        self._keys: dict[Hashable, _Instance] = {}
        self._instances: dict[str, _Instance] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable, system: Any) -> None:
        """Add a trained system."""
        instance = _Instance(system)
        configuration = _configuration(system)
        if configuration is not None:
            instance = self._instances.setdefault(configuration, instance)
        instance.take(key, system)
        self._keys[key] = instance

    def use(self, key: Hashable) -> Any:
        """Return a system with its weights. It is valid until the next call."""
        instance = self._keys[key]
        instance.load(key)
        return instance.system


class _Instance:
    """Instance of a system, and the weights of all systems that share it."""

    def __init__(self, system: Any) -> None:
        self.system = system
        # without weights of links that are set later
        self._variables = list(getattr(system, "weights", ()))
        self._weights: dict[Hashable, list[np.ndarray]] = {}
        self._loaded: Hashable = None

    def take(self, key: Hashable, system: Any) -> None:
        self._weights[key] = [weight.numpy() for weight in getattr(system, "weights", ())]
        if system is self.system:
            self._loaded = key

    def load(self, key: Hashable) -> None:
        if self._loaded == key:
            return
        for variable, weight in zip(self._variables, self._weights[key], strict=True):
            variable.assign(weight)
        self._loaded = key


def _configuration(system: Any) -> str | None:
    """Digest of the configuration on which outputs depend, or `None` if it is unknown."""
    if not isinstance(system, keras.Model):
        return None
    try:
        config = {**system.get_config(), "link": None, "name": None}
        plain = _without_layer_names(keras.saving.serialize_keras_object(config))
        text = json.dumps(plain, sort_keys=True)
    except (TypeError, ValueError, NotImplementedError):  # a user's class may not implement it
        return None
    kind, shapes = type(system), [weight.shape for weight in system.weights]
    arrays = system.saved_arrays() if isinstance(system, SavedModel) else {}
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return f"{kind.__module__}.{kind.__qualname__} {shapes} {digest.hexdigest()} {text}"


def _without_layer_names(config: Any) -> Any:
    """``config`` without the lists of names of layers, which differ between equal systems."""
    if isinstance(config, Mapping):
        return {k: _without_layer_names(v) for k, v in config.items() if k != "unique_names"}
    return [_without_layer_names(one) for one in config] if isinstance(config, list) else config
