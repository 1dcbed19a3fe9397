# SPDX-License-Identifier: Apache-2.0
"""Trained systems, of which those of one configuration share an instance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from typing import Any

import keras
import numpy as np

from ...systems.base.saving import SavedModel


class SharedSystems:
    """Trained systems by key; equal ones but for their weights are one Keras model.

    Graphs belong to an instance: systems that were trained with several seeds, or with several
    learning rates, are then traced once. The configuration and the weights are all that the outputs
    of a system depend on, as it is saved with nothing else.
    """

    def __init__(self) -> None:
        self._keys: dict[Hashable, _Instance] = {}
        self._instances: dict[str, _Instance] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def add(self, key: Hashable, system: Any) -> None:
        """Keep a trained system."""
        instance = _Instance(system)
        configuration = _configuration(system)
        if configuration is not None:
            instance = self._instances.setdefault(configuration, instance)
        instance.take(key, system)
        self._keys[key] = instance

    def use(self, key: Hashable) -> Any:
        """Give a system with its weights, until another one is used."""
        instance = self._keys[key]
        instance.load(key)
        return instance.system


class _Instance:
    """A system, and the weights of all that share it."""

    def __init__(self, system: Any) -> None:
        self.system = system
        self._variables = list(getattr(system, "weights", ()))  # without those of links to come
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
    """All that the outputs of a system depend on beside its weights, if it can be told."""
    if not isinstance(system, keras.Model):
        return None
    try:
        config = {**system.get_config(), "link": None, "name": None}
        text = json.dumps(keras.saving.serialize_keras_object(config), sort_keys=True)
    except (TypeError, ValueError, NotImplementedError):  # a user's class may have none
        return None
    kind, shapes = type(system), [weight.shape for weight in system.weights]
    arrays = system.saved_arrays() if isinstance(system, SavedModel) else {}
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode() + array.tobytes())
    return f"{kind.__module__}.{kind.__qualname__} {shapes} {digest.hexdigest()} {text}"
