# SPDX-License-Identifier: Apache-2.0
"""Description of exported graphs for programs without this package."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from ...link import Link
from ..base.devices import adds_in_the_air
from ..base.linked_model import LinkedModel

_MEANING = {
    "symbols_real": "real part of the symbols",
    "symbols_imag": "imaginary part of the symbols",
    "symbols_hat_real": "real part of the equalized symbols",
    "symbols_hat_imag": "imaginary part of the equalized symbols",
    "no_eff": "noise power of each equalized symbol, relative to the mean power of the symbols",
    "present": "one for devices that send, zero for the others, in the order of the transmitters",
}
_TYPES = {1: "float32", 6: "int32", 7: "int64", 9: "bool", 11: "float64"}  # of TensorProto


def description(system: LinkedModel, graphs: Mapping[str, Any]) -> dict[str, Any]:
    """Names, shapes, power and standardization of exported ``graphs``, for JSON."""
    parts = system.link.num_parts if isinstance(system.link, Link) else 1
    power = "The symbols of a sample have a mean power of one"
    if parts > 1:
        power = f"A sample is sent in {parts} parts of equal size with a mean power of one each"
    if len(graphs) > 2:
        power = "The symbols of each device have a mean power of one, apart from padding"
        if adds_in_the_air(system.link):
            power += ". The receiver takes their mean over all devices, silent devices being zero"
    return {
        "system": system.settings.kind or type(system).__name__,
        "sionna_semcom": version("sionna-semcom"),
        "num_symbols": system.num_symbols,
        "num_parts": parts,
        "power": f"{power}. Equalized symbols have the same scale and no bias.",
        "standardization": "Raw features x enter the transmitter as (x - mean) * scale.",
        "features": {
            name: {"mean": np.asarray(map_.mean).tolist(), "scale": np.asarray(map_.scale).tolist()}
            for name, map_ in system.normalization.items()
        },
        "graphs": {
            name: {
                "inputs": {end.name: _end(end) for end in graph.graph.input},
                "outputs": {end.name: _end(end) for end in graph.graph.output},
            }
            for name, graph in graphs.items()
        },
    }


def _end(end: Any) -> dict[str, Any]:
    """Shape, type and meaning of an input or output of a graph."""
    tensor = end.type.tensor_type
    shape = [dim.dim_param or dim.dim_value for dim in tensor.shape.dim]
    meaning = {"meaning": _MEANING[end.name]} if end.name in _MEANING else {}
    return {"shape": shape, "dtype": _TYPES[tensor.elem_type], **meaning}
