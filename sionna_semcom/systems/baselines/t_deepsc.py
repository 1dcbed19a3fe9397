# SPDX-License-Identifier: Apache-2.0
"""Transformer-based joint source-channel coding of several modalities, as in T-DeepSC."""

from __future__ import annotations

from typing import Literal

import keras
import tensorflow as tf
from keras.layers import Dropout, LayerNormalization
from pydantic import Field, PositiveInt, model_validator

from ..._networks import perceptron
from ...semantics import FeatureTokens, TransformerBlock
from ...semantics.networks.transformer import check_heads
from ..base.contract import Batch
from ..base.settings import SYSTEMS
from ..decision.settings import LatentDecisionSettings
from ..decision.system import DecisionSystem


class TDeepSCSettings(LatentDecisionSettings):
    """A :class:`TDeepSC` for all modalities of the data."""

    kind: Literal["t_deepsc"] = "t_deepsc"
    width: PositiveInt = 64
    """Length of a token"""
    num_heads: PositiveInt = 4
    """Number of attention heads, a divisor of the width"""
    num_tokens: PositiveInt = 4
    """Number of tokens of a modality with vectors as features"""
    num_received_tokens: PositiveInt = 4
    """Number of tokens from the channel decoder"""
    num_blocks: PositiveInt = 1
    """Number of transformer blocks in each semantic encoder, the fusion and the semantic decoder"""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Dropout rate of activations and attention weights"""
    input_dropout: float = Field(0.3, ge=0, lt=1)
    """Dropout rate of features"""

    @model_validator(mode="after")
    def _check_heads(self) -> TDeepSCSettings:
        check_heads(self.num_heads, width=self.width)
        return self


@SYSTEMS.register(TDeepSCSettings)
class TDeepSC(DecisionSystem):
    r"""End-to-end trained transformers for features, symbols and the decision.

    .. code-block:: text

        s_m ─ semantic encoder ─┐
        class token ────────────┴─ fusion ─ class token ─ channel encoder ─ z ─ link ─┐
           ŷ ─ head ─ query ─ semantic decoder ─┬─ tokens ─ channel decoder ─ ẑ ──────┘
                                                └─ query

    The channel decoder maps the received latent to a few tokens. The semantic decoder attends to
    them with a learned query. There is no bottleneck and no redundancy term: training minimizes
    only the loss of the task.

    Source: Zhang et al., "A Unified Multi-Task Semantic Communication System for Multimodal Data".
    In this paper, each modality is a user with its own symbols, and one receiver performs several
    tasks. Here, one transmitter has all modalities and fuses them before the channel encoder, as in
    the other systems, and there is one task.

    See :class:`~sionna_semcom.systems.DecisionSystem` for ``shapes``, ``num_classes``, ``link``,
    ``snr_db``, input and output.

    Raises
    ------
    ValueError
        If a size is out of range
    """

    def create_layers(self) -> None:
        """Create encoders, fusion, channel encoder, channel decoder and decoder."""
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
        self.channel_encoder = perceptron(
            width, (width,), self.transmitted_dim, first=[LayerNormalization(epsilon=1e-5)]
        )
        self.channel_decoder = perceptron(self.received_features, (width,), received * width)
        self._query = self._token("query")
        self._places = self._token("places", received)
        self.semantic_decoder = _blocks(chosen.num_blocks, width, heads, dropout)
        normalized = [LayerNormalization(epsilon=1e-5), Dropout(dropout)]
        self.head = perceptron(width, (), self.task.num_outputs, first=normalized)

    def _token(self, name: str, count: int = 1) -> keras.Variable:
        initializer = keras.initializers.RandomNormal(stddev=0.02)
        return self.add_weight(
            shape=(count, self.settings.width), initializer=initializer, name=name
        )

    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Transmitted latents of ``inputs``."""
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
        """Outputs for received features."""
        flat = self.channel_decoder(features, training=training)
        tokens = tf.reshape(flat, [-1, self.settings.num_received_tokens, self.settings.width])
        tokens += tf.convert_to_tensor(self._places)
        tokens = tf.concat([self._repeat(self._query, features), tokens], 1)
        for block in self.semantic_decoder:
            tokens = block(tokens, training=training)
        return self.head(tokens[:, 0], training=training)

    def _repeat(self, token: keras.Variable, like: tf.Tensor) -> tf.Tensor:
        """``token`` for each row: [batch, 1, width]."""
        return tf.tile(tf.convert_to_tensor(token)[tf.newaxis], [tf.shape(like)[0], 1, 1])


def _blocks(count: int, width: int, num_heads: int, dropout: float) -> list[TransformerBlock]:
    blocks = [TransformerBlock(width, num_heads, dropout) for _ in range(count)]
    for block in blocks:
        block.build((None, None, width))
    return blocks
