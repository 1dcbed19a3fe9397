# SPDX-License-Identifier: Apache-2.0
"""Features that others extracted, as tokens of a transformer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from .feature_encoder import check_features
from .transformer import TransformerBlock


@keras.saving.register_keras_serializable("sionna_semcom")
class FeatureTokens(keras.layers.Layer):
    r"""Tokens of one modality: a few for a vector, one a frame for a sequence.

    .. code-block:: text

        features ─ dropout ─ dense ─ + positions ─ blocks ─ tokens

    The positions are learned for each token of each modality, and so tell modalities apart as well.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch; lengths of sequences are under ``<name>_length``
    shape : sequence of `int`
        Shape of a sample: (dim,) for vectors, (num_frames, dim) for sequences
    width : `int`
        Length of a token
    num_tokens : `int`
        Tokens of a vector
    num_blocks : `int`
        Transformer blocks in which the tokens of the modality see each other; a lone token has none
    num_heads : `int`
        Attention heads
    dropout : `float`
        Share of activations and attention that is dropped in training
    input_dropout : `float`
        Share of features that is dropped in training

    Input
    -----
    inputs : `dict`
        Features [batch, \*shape], and for sequences ``<name>_length`` [batch]
    present : `None` (everywhere) | [batch, 1], `float`
        One where the transmitter has the modality, zero where not

    Output
    ------
    tokens : [batch, num_tokens, width], `float`
        Tokens
    mask : [batch, num_tokens], `bool`
        Which of them are neither padding nor of a missing modality

    Raises
    ------
    ValueError
        If ``shape`` is neither that of a vector nor that of a sequence, or ``num_tokens`` is not
        positive
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
        super().__init__(name=f"{name}_tokens", **kwargs)
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
        num_blocks = num_blocks if self.num_tokens > 1 else 0  # one token has none to see
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
        """Make tokens of the modality's features."""
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
