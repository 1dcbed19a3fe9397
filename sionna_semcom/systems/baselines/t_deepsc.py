# SPDX-License-Identifier: Apache-2.0
"""Transformer joint source-channel coding of several modalities for a task, after T-DeepSC."""

from __future__ import annotations

from typing import Literal

import keras
import tensorflow as tf
from pydantic import Field, PositiveInt, model_validator

from ...semantics import FeatureTokens, TransformerBlock
from ...semantics.networks.transformer import check_heads
from ..base.contract import Batch
from ..base.settings import SYSTEMS
from ..decision.settings import LatentDecisionSettings
from ..decision.system import DecisionSystem


class TDeepSCSettings(LatentDecisionSettings):
    """A :class:`TDeepSC` over all modalities of the data."""

    kind: Literal["t_deepsc"] = "t_deepsc"
    width: PositiveInt = 64
    """Length of a token"""
    num_heads: PositiveInt = 4
    """Attention heads, which share the width equally"""
    num_tokens: PositiveInt = 4
    """Tokens of a modality whose features are a vector"""
    num_received_tokens: PositiveInt = 4
    """Tokens that the channel decoder makes of what is received"""
    num_blocks: PositiveInt = 1
    """Transformer blocks of each semantic encoder, of the fusion, and of the semantic decoder"""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of activations and attention that is dropped in training"""
    input_dropout: float = Field(0.3, ge=0, lt=1)
    """Share of features that is dropped in training"""

    @model_validator(mode="after")
    def _check_heads(self) -> TDeepSCSettings:
        check_heads(self.num_heads, width=self.width)
        return self


@SYSTEMS.register(TDeepSCSettings)
class TDeepSC(DecisionSystem):
    r"""Transformers from features to symbols and from symbols to a decision, trained end to end.

    .. code-block:: text

        s_m ─ semantic encoder ─┐
        class token ────────────┴─ fusion ─ class token ─ channel encoder ─ z ─ link ─┐
           ŷ ─ head ─ query ─ semantic decoder ─┬─ tokens ─ channel decoder ─ ẑ ──────┘
                                                └─ query

    The receiver turns what it has received into a few tokens, and a learned query asks them for the
    decision. There is neither a bottleneck nor a term of redundancy: training minimizes the loss of
    the task alone.

    Source: Zhang et al., "A Unified Multi-Task Semantic Communication System for Multimodal Data".
    There each modality is a user with symbols of its own, and one receiver serves many tasks; here
    one transmitter has all modalities and fuses them before the channel encoder, as the systems
    that it is compared with do, and there is one task.

    See :class:`~sionna_semcom.systems.DecisionSystem` for ``shapes``, ``num_classes``, ``link``,
    ``snr_db``, input and output.

    Raises
    ------
    ValueError
        If a size is out of its range
    """

    def create_layers(self) -> None:
        """Create encoders, fusion, channel coders and decoder."""
        chosen = self.settings
        width, dropout, heads = chosen.width, chosen.dropout, chosen.num_heads
        received = chosen.num_received_tokens
        sizes = (width, chosen.num_tokens, chosen.num_blocks, heads)
        self.semantic_encoders = {
            name: FeatureTokens(name, shape, *sizes, dropout, chosen.input_dropout)
            for name, shape in self.shapes.items()
        }
        self._class_token = self._token("class_token")
        self.fusion = _blocks(chosen.num_blocks, width, heads, dropout)
        self.channel_encoder = _channel_coder(width, width, self.transmitted_dim)
        self.channel_decoder = _channel_coder(
            self.received_features, width, received * width, normalized=False
        )
        self._query = self._token("query")
        self._places = self._token("places", received)
        self.semantic_decoder = _blocks(chosen.num_blocks, width, heads, dropout)
        self.head = keras.Sequential(
            [
                keras.layers.Input((width,)),
                keras.layers.LayerNormalization(epsilon=1e-5),
                keras.layers.Dropout(dropout),
                keras.layers.Dense(self.task.num_outputs),
            ]
        )

    def _token(self, name: str, count: int = 1) -> keras.Variable:
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        return self.add_weight(
            shape=(count, self.settings.width), initializer=initializer, name=name
        )

    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents that are sent, of ``inputs``."""
        there = tf.split(presence, len(self.shapes), -1)
        pairs = [
            encoder(inputs, present, training=training)
            for encoder, present in zip(self.semantic_encoders.values(), there, strict=True)
        ]
        always = tf.ones_like(presence[:, :1], tf.bool)
        mask = tf.concat([always, *(mask for _, mask in pairs)], 1)
        first = self._repeat(self._class_token, presence)
        tokens = tf.concat([first, *(tokens for tokens, _ in pairs)], 1)
        for block in self.fusion:
            tokens = block(tokens, attention_mask=mask, training=training)
        return self.channel_encoder(tokens[:, 0], training=training)

    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs for what is received."""
        flat = self.channel_decoder(features, training=training)
        tokens = tf.reshape(flat, [-1, self.settings.num_received_tokens, self.settings.width])
        tokens += tf.convert_to_tensor(self._places)
        tokens = tf.concat([self._repeat(self._query, features), tokens], 1)
        for block in self.semantic_decoder:
            tokens = block(tokens, training=training)
        return self.head(tokens[:, 0], training=training)

    def _repeat(self, token: keras.Variable, like: tf.Tensor) -> tf.Tensor:
        """``token`` for every row: [batch, 1, width]."""
        return tf.tile(tf.convert_to_tensor(token)[tf.newaxis], [tf.shape(like)[0], 1, 1])


def _blocks(count: int, width: int, num_heads: int, dropout: float) -> list[TransformerBlock]:
    blocks = [TransformerBlock(width, num_heads, dropout) for _ in range(count)]
    for block in blocks:
        block.build((None, None, width))
    return blocks


def _channel_coder(
    inputs: int, hidden: int, outputs: int, normalized: bool = True
) -> keras.Sequential:
    """A perceptron between tokens and what crosses the link."""
    layers: list[keras.layers.Layer] = [keras.layers.Input((inputs,))]
    if normalized:
        layers.append(keras.layers.LayerNormalization(epsilon=1e-5))
    layers += [keras.layers.Dense(hidden, "gelu"), keras.layers.Dense(outputs)]
    return keras.Sequential(layers)
