# SPDX-License-Identifier: Apache-2.0
"""Keras layers and variables inside a link, which the model over it trains and saves."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

_FOREIGN = ("builtins", "keras", "numpy", "tensorflow", "tensorflow_probability", "tf_keras")


class LinkWeights(keras.layers.Layer):
    """What of a link can be trained: Keras layers, Keras variables and trainable `tf.Variable`.

    Sionna's blocks do not track them. As attributes of this layer, which is an attribute of a
    model, they are weights of the model.
    """

    def __init__(self) -> None:
        super().__init__(name="link_weights")
        self.parts: list[keras.layers.Layer] = []
        self.values: list[keras.Variable] = []
        self._ids: list[int] = []
        self.built = True

    def hold(self, link: Any, owner: keras.Model) -> bool:
        """Hold what ``link`` holds, in place of what was held, and say whether that is another.

        Parameters
        ----------
        link : `sionna.phy.Block`
            The link. Layers and variables are found in its attributes and in those of the objects
            that these are, also inside containers and closures
        owner : `keras.Model`
            The model over the link, which is no part of it
        """
        found = list(_find(link, {id(owner)}))
        in_layers = {id(v) for x in found if isinstance(x, keras.layers.Layer) for v in x.variables}
        found = [part for part in found if id(part) not in in_layers]
        if [id(part) for part in found] == self._ids:
            return False
        self.parts.clear()
        self.values.clear()
        for part in found:
            if isinstance(part, keras.layers.Layer):
                self.parts.append(part)
            else:
                self.values.append(_as_keras(part))
        self._ids = [id(part) for part in found]
        return True

    @property
    def complete(self) -> bool:
        """Whether all layers have their weights; some make them when they are first called."""
        return all(layer.built for layer in self.parts)


class _Shared(keras.Variable):
    """A Keras variable that is the given `tf.Variable`, and no copy of it."""

    def __init__(self, variable: tf.Variable) -> None:
        self._shared = variable
        name = variable.name.split(":")[0].replace("/", "_")
        super().__init__(
            variable, trainable=variable.trainable, dtype=variable.dtype.name, name=name
        )

    def _initialize(self, value: Any) -> None:
        self._value = self._shared


def _as_keras(variable: Any) -> keras.Variable:
    return variable if isinstance(variable, keras.Variable) else _Shared(variable)


def _find(value: Any, seen: set[int]) -> Iterator[Any]:
    """Layers and variables in ``value``, each once, in the order of attributes."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (keras.layers.Layer, keras.Variable)):
        yield value
    elif isinstance(value, tf.Variable):
        if value.trainable:  # others are constants, such as pools of channels
            yield value
    else:
        for part in _parts(value):
            yield from _find(part, seen)


def _parts(value: Any) -> Iterable[Any]:
    """What ``value`` consists of, as far as it may hold layers."""
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, types.MethodType):
        return [value.__self__]
    if isinstance(value, types.FunctionType):
        return inspect.getclosurevars(value).nonlocals.values() if value.__closure__ else []
    if isinstance(value, (type, types.ModuleType)):
        return []
    if type(value).__module__.split(".")[0] in _FOREIGN:
        return []
    return getattr(value, "__dict__", {}).values()
