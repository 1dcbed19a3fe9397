# SPDX-License-Identifier: Apache-2.0
"""Perceptrons, layers with weights, and names of layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import keras
from keras import layers

_Layer = TypeVar("_Layer", bound=keras.Layer)


def built(layer: _Layer, *shape: int | None) -> _Layer:
    """``layer`` with weights for a batch of inputs of ``shape``."""
    layer.build((None, *shape))
    return layer


def perceptron(
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    *,
    activation: str = "gelu",
    dropout: float | None = None,
    first: Sequence[keras.Layer] = (),
    last: str = "glorot_uniform",
    **options: Any,
) -> keras.Sequential:
    """Perceptron, or an affine map if there are no hidden layers.

    Parameters
    ----------
    inputs, outputs : `int`
        Number of real numbers at the input and at the output
    hidden : sequence of `int`
        Units of the hidden layers
    activation : `str`
        Activation of the hidden layers
    dropout : `None` | `float`
        Dropout rate after each hidden layer
    first : sequence of `keras.Layer`
        Layers in front, such as a normalization
    last : `str`
        Initializer of the kernel of the last layer
    **options
        Further arguments of all `keras.layers.Dense`
    """
    network: list[keras.Layer] = [layers.Input((inputs,)), *first]
    for units in hidden:
        network.append(layers.Dense(units, activation, **options))
        if dropout is not None:
            network.append(layers.Dropout(dropout))
    return keras.Sequential([*network, layers.Dense(outputs, kernel_initializer=last, **options)])


def layer_name(key: str, role: str) -> str:
    """Name of a layer for ``key``, of characters that TensorFlow accepts in graphs."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", key)
    return f"{name}_{role}" if name[:1].isalnum() else f"key{name}_{role}"
