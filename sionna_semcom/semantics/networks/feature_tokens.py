# SPDX-License-Identifier: Apache-2.0
"""Tokens of a transformer from precomputed features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from ..._networks import layer_name
from .feature_encoder import check_features
from .transformer import TransformerBlock


@keras.saving.register_keras_serializable("sionna_semcom")
class FeatureTokens(keras.layers.Layer):
    r"""Tokens of one modality: several for a vector, one per frame for a sequence.

    .. code-block:: text

        features ─ dropout ─ dense ─ + positions ─ blocks ─ tokens

    Positional embeddings are learned for each token of each modality. They therefore identify the
    modality as well.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch; lengths of sequences are under ``<name>_length``
    shape : sequence of `int`
        Shape of a sample: (dim,) for vectors, (num_frames, dim) for sequences
    width : `int`
        Length of a token
    num_tokens : `int`
        Number of tokens of a vector
    num_blocks : `int`
        Number of transformer blocks over the tokens of the modality; not used for a single token
    num_heads : `int`
        Number of attention heads
    dropout : `float`
        Dropout rate of activations and attention weights
    input_dropout : `float`
        Dropout rate of features

    Input
    -----
    inputs : `dict`
        Features [batch, \*shape], and for sequences ``<name>_length`` [batch]
    present : `None` (all samples) | [batch, 1], `float`
        One if the transmitter has the modality, otherwise zero

    Output
    ------
    tokens : [batch, num_tokens, width], `float`
        Tokens
    mask : [batch, num_tokens], `bool`
        Tokens that are neither padding nor from a missing modality

    Raises
    ------
    ValueError
        If ``shape`` is not the shape of a vector or sequence, or ``num_tokens`` is not positive
    """

    def __init__(
        self,
        name: str,
        shape: Sequence[int],
        width: int,
        num_tokens: int = 1,
        num_blocks: int = 1,
        num_heads: int = 4,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=layer_name(name, "tokens"), **kwargs)
        check_features(name, shape)
        if num_tokens < 1:
            raise ValueError(f"`num_tokens` must be positive. Received: {num_tokens}")
        self._key = name
        self._options = {
            "shape": tuple(shape),
            "width": width,
            "num_tokens": num_tokens,
            "num_blocks": num_blocks,
            "num_heads": num_heads,
            "dropout": dropout,
            "input_dropout": input_dropout,
        }
        self._is_sequence = len(shape) == 2
        self.num_tokens = int(shape[0]) if self._is_sequence else num_tokens
        self.width = width
        self._drop = keras.layers.Dropout(input_dropout)
        self._embed = keras.layers.Dense(width if self._is_sequence else num_tokens * width)
        num_blocks = num_blocks if self.num_tokens > 1 else 0  # not used for a single token
        self._blocks = [TransformerBlock(width, num_heads, dropout) for _ in range(num_blocks)]
        self._embed.build((None, *shape))
        for block in self._blocks:
            block.build((None, self.num_tokens, width))
        self._positions = self.add_weight(
            shape=(self.num_tokens, width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="positions",
        )
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {**super().get_config(), **self._options, "name": self._key}

    @property
    def token_shape(self) -> tuple[int, int]:
        """Number and length of the tokens."""
        return self.num_tokens, self.width

    def call(
        self,
        inputs: Mapping[str, keras.KerasTensor],
        present: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> tuple[Any, Any]:
        """Compute the tokens of the features."""
        embedded = self._embed(self._drop(inputs[self._key], training=training))
        tokens = ops.reshape(embedded, [-1, self.num_tokens, self.width]) + self._positions
        mask = ops.ones(ops.shape(tokens)[:2], "bool")
        if present is not None:
            mask = ops.logical_and(mask, present > 0)
        if self._is_sequence:
            lengths = ops.cast(inputs[f"{self._key}_length"], "int32")[:, None]
            mask = ops.logical_and(mask, ops.arange(self.num_tokens) < lengths)
        for block in self._blocks:
            tokens = block(tokens, attention_mask=mask, training=training)
        return tokens, mask
