# SPDX-License-Identifier: Apache-2.0
"""Saving and loading of aligners and of the receiver's head."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...alignment import (
    ADMMAligner,
    BroadcastAligner,
    CCAAligner,
    ComplexAligner,
    EigenbasisAligner,
    FeatureAligner,
    KernelRidgeAligner,
    LinearAligner,
    MultiLinkAligner,
    NeuralBroadcastAligner,
    PilotStatistics,
    ProcrustesAligner,
    RelativeAligner,
    UplinkAligner,
)
from ...alignment.linear.semantic_modes import SemanticModes
from ...datasets import LatentPairs
from ..base.saving import serialized

_TRANSLATIONS = (CCAAligner, KernelRidgeAligner, ProcrustesAligner, RelativeAligner)
_LINEAR = (ADMMAligner, FeatureAligner, LinearAligner)
_MANY_USERS = (BroadcastAligner, MultiLinkAligner, UplinkAligner)
_FITTED = {one.__name__: one for one in (*_LINEAR, *_TRANSLATIONS, *_MANY_USERS)}
_HELD = {one.__name__: one for one in (PilotStatistics, SemanticModes)}
_PLAIN = (bool, int, float, str, type(None))


class Receiver(NamedTuple):
    """Receiver's head and properties of the latents for which the aligner was fitted."""

    kernel: np.ndarray
    """[m, num_classes], weights of the receiver's head"""
    bias: np.ndarray
    """[num_classes], bias of the receiver's head"""
    sizes: tuple[int, int]
    """Dimensions of the latents of transmitter and receiver"""
    num_pilots: int
    """Number of semantic pilots"""
    accuracy: float
    """Accuracy of the head on the receiver's own latents"""

    @classmethod
    def of(cls, pairs: LatentPairs) -> Receiver:
        """Receiver of ``pairs``."""
        sizes = pairs.shapes["tx"][0], pairs.shapes["rx"][0]
        count = len(pairs.splits["train"])
        return cls(pairs.kernel, pairs.bias, sizes, count, pairs.receiver_accuracy)

    def get_config(self) -> dict[str, Any]:
        """Configuration with the sizes of the arrays instead of the arrays."""
        return {
            "classes": self.kernel.shape[1],
            "sizes": list(self.sizes),
            "num_pilots": self.num_pilots,
            "accuracy": self.accuracy,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Receiver:
        """A receiver with a head of zeros."""
        tx, rx = config["sizes"]
        kernel = np.zeros((rx, config["classes"]), np.float32)
        return cls(kernel, kernel[0], (tx, rx), config["num_pilots"], config["accuracy"])

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights of the head."""
        return {"kernel": self.kernel, "bias": self.bias}

    def with_arrays(self, arrays: Mapping[str, np.ndarray]) -> Receiver:
        """Same receiver with the output of :meth:`arrays`."""
        return self._replace(kernel=arrays["kernel"], bias=arrays["bias"])


class UnfittedAligner:
    """Placeholder for a saved aligner until its arrays are loaded.

    Parameters
    ----------
    name : `str`
        Name of the class
    values : `dict`
        Attributes, with names instead of arrays
    """

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        if name not in _FITTED:
            raise ValueError(f"An aligner must be one of {', '.join(_FITTED)}. Received: {name}")
        self._class, self._values = _FITTED[name], values

    def fitted(self, arrays: Mapping[str, np.ndarray]) -> Any:
        """The aligner with its ``arrays``."""
        aligner: Any = self._class.__new__(self._class)
        vars(aligner).update({k: _from_values(v, arrays) for k, v in self._values.items()})
        return aligner


def aligner_config(aligner: Any) -> Any:
    """Configuration of an aligner, without its arrays and weights.

    Raises
    ------
    ValueError
        If the aligner is neither part of this package nor registered with Keras
    """
    if type(aligner) in _FITTED.values():
        return _fitted_values(aligner, "", {})
    if isinstance(aligner, NeuralBroadcastAligner):
        linear = aligner_config(aligner.linear)
        return {"network": "NeuralBroadcastAligner", "linear": linear, "sizes": aligner.sizes}
    if isinstance(aligner, (EigenbasisAligner, ComplexAligner)):
        return {"network": type(aligner).__name__, **_sizes(aligner)}
    if not hasattr(aligner, "get_config"):
        raise ValueError(
            "`aligner` must have `get_config` and be registered with Keras to be saved. "
            f"Received: {type(aligner).__name__}"
        )
    return serialized(aligner, "aligner")


def aligner_arrays(aligner: Any) -> dict[str, np.ndarray]:
    """Arrays of a fitted aligner, or of the one inside a Keras layer."""
    arrays: dict[str, np.ndarray] = {}
    if isinstance(aligner, NeuralBroadcastAligner):
        aligner = aligner.linear
    if type(aligner) in _FITTED.values():
        _fitted_values(aligner, "", arrays)
    return arrays


def aligner_from_config(config: Any) -> Any:
    """Aligner from the output of :func:`aligner_config`, see :class:`UnfittedAligner`."""
    if isinstance(config, Mapping) and "fitted" in config:
        return UnfittedAligner(config["fitted"], config["values"])
    if not isinstance(config, Mapping) or "network" not in config:
        return config
    if config["network"] == "NeuralBroadcastAligner":
        linear = aligner_from_config(config["linear"])
        return NeuralBroadcastAligner(linear, *config["sizes"])
    statistics = _statistics(config["tx"], config["rx"], config["directions"], config["is_complex"])
    aligner: Any
    if config["network"] == "ComplexAligner":
        aligner = ComplexAligner(statistics, *config["sizes"])
    else:
        aligner = EigenbasisAligner(statistics, *config["sizes"])
    aligner.spread = config["spread"]
    return aligner


def with_arrays(aligner: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Aligner of :func:`aligner_from_config` with its arrays."""
    if isinstance(aligner, NeuralBroadcastAligner):
        aligner.linear = with_arrays(aligner.linear, arrays)
        return aligner
    return aligner.fitted(arrays) if isinstance(aligner, UnfittedAligner) else aligner


def _sizes(aligner: Any) -> dict[str, Any]:
    if isinstance(aligner, EigenbasisAligner):
        units = (
            [layer.units for layer in network.layers[:-1]]
            for network in (aligner.precoder, aligner.decoder)
        )
        sizes = [*aligner._shape, *units]
    else:
        sizes = [*aligner._antennas, aligner._received[1]]
    return {
        "sizes": sizes,
        "tx": aligner.mean_tx.shape[0],
        "rx": aligner.mean_rx.shape[0],
        "directions": aligner.whitener[0].shape[1],
        "is_complex": len(aligner.whitener) == 2,
        "spread": aligner.spread,
    }


def _statistics(tx: int, rx: int, directions: int, is_complex: bool) -> PilotStatistics:
    """Statistics of pilots with the given number of directions, to build a network of this size."""
    varies = np.zeros(tx)
    varies[:directions] = 1.0
    if is_complex and directions > -(-tx // 2):
        raise ValueError(f"An aligner of {tx} features has at most half as many directions")
    zeros = np.zeros((rx, tx))
    return PilotStatistics(10**6, zeros[0], zeros[:, 0], np.diag(varies), np.eye(rx), zeros)


def _fitted_values(aligner: Any, prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Name and attributes of a fitted aligner, with names instead of arrays."""
    values = {key: _values(value, prefix + key, arrays) for key, value in vars(aligner).items()}
    return {"fitted": type(aligner).__name__, "values": values}


def _values(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """``value`` with names instead of arrays, which are added to ``arrays``."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, _PLAIN):
        return value
    if type(value) in _FITTED.values():
        return _fitted_values(value, f"{name}.", arrays)
    if type(value) in _HELD.values():
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        held = {key: _values(one, f"{name}.{key}", arrays) for key, one in fields.items()}
        return {"holds": type(value).__name__, "fields": held}
    if isinstance(value, (tuple, list)):
        return {"list": [_values(one, f"{name}.{n}", arrays) for n, one in enumerate(value)]}
    return _values(np.asarray(value), name, arrays)


def _from_values(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "fitted" in value:
        return UnfittedAligner(value["fitted"], value["values"]).fitted(arrays)
    if "list" in value:
        return tuple(_from_values(one, arrays) for one in value["list"])
    fields = {key: _from_values(one, arrays) for key, one in value["fields"].items()}
    return _HELD[value["holds"]](**fields)
