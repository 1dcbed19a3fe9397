# SPDX-License-Identifier: Apache-2.0
"""Trainable Keras layers and variables inside a link."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from ..._messages import shortened

_FOREIGN = ("builtins", "keras", "numpy", "tensorflow", "tensorflow_probability", "tf_keras")


def check_link(link: Any) -> Any:
    """Check that ``link`` is an object that transmits, and not its name, settings or class.

    Raises
    ------
    ValueError
        If it is a string, a mapping or a class
    """
    if isinstance(link, str | Mapping | type):
        raise ValueError(
            "`link` must be a link, such as `sionna_semcom.link.AWGNLink()`. "
            f"Received: {shortened(link)}"
        )
    return link


class LinkWeights(keras.layers.Layer):
    """Keras layers, Keras variables and trainable `tf.Variable` objects of a link.

    Sionna blocks do not track them. They become weights of a model as attributes of this layer,
    which is an attribute of the model.
    """

    def __init__(self) -> None:
        super().__init__(name="link_weights")
        self.parts: list[keras.layers.Layer] = []
        self.values: list[keras.Variable] = []
        self._ids: list[int] = []
        self.built = True

    def hold(self, link: Any, owner: keras.Model) -> bool:
        """Track the weights of ``link`` and return whether they differ from the previous weights.

        Parameters
        ----------
        link : `sionna.phy.Block`
            Link. Layers and variables are searched recursively in its attributes, including
            containers and closures
        owner : `keras.Model`
            Model with the link, which is excluded from the search
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
        """Whether all layers have created their weights, which may happen in the first call."""
        return all(layer.built for layer in self.parts)


class _Shared(keras.Variable):
    """Keras variable that wraps the given `tf.Variable` without a copy."""

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
    """Unique layers and variables in ``value``, in the order of attributes."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (keras.layers.Layer, keras.Variable)):
        yield value
    elif isinstance(value, tf.Variable):
        if value.trainable:  # other variables are constants, such as channel pools
            yield value
    else:
        for part in _parts(value):
            yield from _find(part, seen)


def _parts(value: Any) -> Iterable[Any]:
    """Elements of ``value`` that may contain layers."""
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
