# SPDX-License-Identifier: Apache-2.0
"""Saving and loading of systems."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from ..._files import atomic_path
from ..._parts import Part
from ...datasets.features.standardization import Standardization
from .contract import SystemContract
from .shared_layers import unique_names, with_shared_layers

_SEED, _METRIC, _ARRAY = "seed_generator_", "metric_", "array_"


class SavedModel(SystemContract, Part, keras.Model):
    """Keras model that is saved with its complete state.

    The configuration contains the arguments of the constructor, the values of ``kept_attributes``,
    which may change after construction, the names of frozen layers, and the ``normalization`` of
    the data. Weights are saved with the state of layers with random numbers, such as dropout.
    """

    kept_attributes: ClassVar[tuple[str, ...]] = ()
    """Attributes that are saved and restored in addition to the arguments of the constructor"""

    normalization: Mapping[str, Standardization] = {}
    """Standardization of the training features by modality, see :meth:`normalize`"""

    def normalize(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Standardize raw features in the same way as the training data of the system.

        Input
        -----
        inputs : `dict`
            Raw features ``[batch, *shape]`` of any modalities, and for sequences their
            ``<name>_length``. Other keys are returned unchanged, and so are all inputs if the
            training data were not standardized

        Output
        ------
        : `dict`
            Inputs of the system
        """
        maps = {name: map_ for name, map_ in self.normalization.items() if name in inputs}
        lengths = {name: inputs.get(f"{name}_length") for name in maps}
        return dict(inputs) | {
            name: map_(
                np.asarray(inputs[name], np.float32),
                None if lengths[name] is None else np.asarray(lengths[name]),
            )
            for name, map_ in maps.items()
        }

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, and attributes that were changed later."""
        maps = {
            name: {"mean": map_.mean.tolist(), "scale": map_.scale.tolist()}
            for name, map_ in self.normalization.items()
        }
        layers = self._flatten_layers()
        attributes = {name: getattr(self, name) for name in self.kept_attributes}
        return {
            "name": self.name,
            **super().get_config(),
            "kept": {
                "attributes": serialized(attributes, "attributes"),
                "frozen": [n for n, layer in enumerate(layers) if not layer.trainable],
                "normalization": maps,
                "unique_names": unique_names(layers),
            },
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a system from the output of :meth:`get_config`."""
        unique = config.get("kept", {}).get("unique_names", ())  # missing in older files
        found = keras.saving.deserialize_keras_object(with_shared_layers(config, unique))
        options = cls.restored_options(found)
        kept = options.pop("kept", {})
        system = cls(**options)
        for name in cls.kept_attributes:
            if name in kept.get("attributes", {}):
                setattr(system, name, kept["attributes"][name])
        frozen = kept.get("frozen", [])
        for number, layer in enumerate(system._flatten_layers()):
            layer.trainable = number not in frozen
        system.normalization = {
            name: Standardization(np.array(map_["mean"]), np.array(map_["scale"]))
            for name, map_ in kept.get("normalization", {}).items()
        }
        return system

    @classmethod
    def restored_options(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Arguments of the constructor from a configuration with deserialized Keras objects."""
        return options

    def get_build_config(self) -> None:
        """Do nothing, because the constructor builds all layers."""

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Save like :meth:`keras.Model.save`, but atomically."""
        if not overwrite or not str(filepath).endswith(".keras"):
            super().save(filepath, overwrite=overwrite, **kwargs)
            return
        with atomic_path(filepath) as path:
            super().save(path, **kwargs)

    def fit(self, x: Any, **kwargs: Any) -> Any:
        """Train like :meth:`keras.Model.fit`, with data sets in their order."""
        kwargs.setdefault("shuffle", not isinstance(x, tf.data.Dataset))
        return super().fit(x, **kwargs)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile like :meth:`keras.Model.compile`, with an optimizer but no losses or metrics.

        Raises
        ------
        ValueError
            If a loss or metrics are given, because the system defines its own
        """
        names = ("loss", "loss_weights", "metrics", "weighted_metrics")
        named = dict(zip(names, args[1:], strict=False)) | kwargs
        for name in names:
            if named.get(name):
                raise ValueError(
                    f"{type(self).__name__} is trained on a loss of its own and measured by "
                    f"`measure`: `{name}` must be left out. Received: {named[name]!r}"
                )
        super().compile(*args, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with the configuration of the saved system."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def save_own_variables(self, store: Any) -> None:
        """Save arrays outside layers, the state of random layers, and running metrics."""
        super().save_own_variables(store)
        for name, state in self._running_state().items():
            store[name] = keras.ops.convert_to_numpy(state)
        for name, array in self.saved_arrays().items():
            store[f"{_ARRAY}{name}"] = array

    def load_own_variables(self, store: Any) -> None:
        """Load the output of :meth:`save_own_variables`."""
        names = list(store.keys())
        own = [name for name in names if not name.startswith((_SEED, _METRIC, _ARRAY))]
        super().load_own_variables({name: store[name] for name in own})
        for name, state in self._running_state().items():
            if name in names:
                state.assign(np.asarray(store[name]))
        arrays = (name for name in names if name.startswith(_ARRAY))
        found = {name.removeprefix(_ARRAY): np.asarray(store[name]) for name in arrays}
        if found:
            self.load_arrays(found)

    def saved_arrays(self) -> dict[str, np.ndarray]:
        """Additional arrays that are saved with the weights."""
        return {}

    def load_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore the output of :meth:`saved_arrays`."""
        raise ValueError(f"{type(self).__name__} has no arrays. Received: {', '.join(arrays)}")

    def _running_state(self) -> dict[str, keras.Variable]:
        """Seed generators of dropout, and metrics. Keras does not save them with the weights."""
        kept = {id(weight) for weight in self.weights}
        others = (variable for variable in self.variables if id(variable) not in kept)
        seeds = [variable for variable in others if variable.name == "seed_generator_state"]
        running = [variable for metric in self.metrics for variable in metric.variables]
        found = {f"{_SEED}{number}": variable for number, variable in enumerate(seeds)}
        return found | {f"{_METRIC}{number}": variable for number, variable in enumerate(running)}


def serialized(value: Any, name: str) -> Any:
    """Configuration of a Keras object, or of Keras objects in dictionaries and lists.

    Raises
    ------
    ValueError
        If it contains a lambda, which cannot be loaded safely
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about lambdas, which raise an error
        config = keras.saving.serialize_keras_object(value)
    if _holds_lambda(config):
        raise ValueError(
            f"`{name}` cannot be saved: register a function with "
            "`keras.saving.register_keras_serializable` instead of a lambda. Received: a lambda"
        )
    return config


def packed(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Real arrays in C order, under names that describe the conversion to ``arrays``.

    The memory order of an array determines the order of additions, and thus the last bits.
    """
    found: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        if np.iscomplexobj(array):
            found |= packed({f"{name}.real": array.real, f"{name}.imag": array.imag})
        elif array.ndim == 2 and array.strides[0] < array.strides[1]:
            found[f"{name}.T"] = np.ascontiguousarray(array.T)
        else:
            found[name] = np.ascontiguousarray(array)
    return found


def unpacked(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Undo :func:`packed`."""
    plain = {
        name.removesuffix(".T"): array.T if name.endswith(".T") else array
        for name, array in arrays.items()
    }
    pairs = {name.removesuffix(".real") for name in plain if name.endswith(".real")}
    found = {n: array for n, array in plain.items() if n.rpartition(".")[0] not in pairs}
    return found | {n: plain[f"{n}.real"] + 1j * plain[f"{n}.imag"] for n in pairs}


def _holds_lambda(config: Any) -> bool:
    if isinstance(config, Mapping):
        return config.get("class_name") == "__lambda__" or any(map(_holds_lambda, config.values()))
    return isinstance(config, (list, tuple)) and any(map(_holds_lambda, config))
