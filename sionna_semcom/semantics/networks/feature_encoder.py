# SPDX-License-Identifier: Apache-2.0
"""Encoder of precomputed features, vectors or sequences, with a common output width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from ..._networks import layer_name
from .transformer import SequenceEncoder


@keras.saving.register_keras_serializable("sionna_semcom")
class FeatureEncoder(keras.layers.Layer):
    """Encoder of the features of one modality: perceptron for vectors, transformer for sequences.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch; lengths of sequences are under ``<name>_length``
    shape : sequence of `int`
        Shape of a sample: (dim,) for vectors, (num_frames, dim) for sequences
    width : `int`
        Units of the hidden layer, length of tokens and of the output
    dropout : `float`
        Dropout rate of inputs and activations
    input_dropout : `None` | `float`
        Dropout rate of inputs; by default ``dropout``

    Input
    -----
    inputs : `dict`
        Features ``[batch, *shape]``, and for sequences ``<name>_length`` [batch]

    Output
    ------
    : [batch, width], `float`
        Encoded features

    Raises
    ------
    ValueError
        If ``shape`` is not the shape of a vector or sequence
    """

    def __init__(
        self,
        name: str,
        shape: Sequence[int],
        width: int,
        dropout: float = 0.0,
        input_dropout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=layer_name(name, "encoder"), **kwargs)
        check_features(name, shape)
        self._key = name
        self._options = {"shape": tuple(shape), "width": width, "dropout": dropout}
        if input_dropout is not None:
            self._options["input_dropout"] = input_dropout
        self.width = width
        self._is_sequence = len(shape) == 2
        self._drop = keras.layers.Dropout(dropout if input_dropout is None else input_dropout)
        if self._is_sequence:
            self._network: Any = SequenceEncoder(width, dropout=dropout)
        else:
            dense = keras.layers.Dense(width, "gelu")
            self._network = keras.Sequential([dense, keras.layers.Dropout(dropout)])
        self._network.build((None, *shape))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), **self._options, "name": self._key}

    def call(
        self, inputs: Mapping[str, keras.KerasTensor], training: bool = False
    ) -> keras.KerasTensor:
        """Encode the features."""
        features = self._drop(inputs[self._key], training=training)
        if self._is_sequence:
            return self._network(features, inputs[f"{self._key}_length"], training=training)
        return self._network(features, training=training)


def check_features(name: str, shape: Sequence[int]) -> None:
    """Check that ``shape`` of the features of modality ``name`` is that of vectors or sequences.

    Raises
    ------
    ValueError
        If it is not
    """
    if len(shape) not in (1, 2):
        raise ValueError(
            f"Features of {name!r} must be vectors (dim,) or sequences (num_frames, dim). "
            f"Received: {tuple(shape)}"
        )
