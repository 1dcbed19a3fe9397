# SPDX-License-Identifier: Apache-2.0
"""Pre-norm transformer blocks over sequences of tokens with padding."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("sionna_semcom")
class TransformerBlock(keras.layers.Layer):
    r"""Self-attention and a perceptron on normalized tokens, with residual connections.

    .. math::
        \mathbf{T}' = \mathbf{T} + \text{MHA}(\text{LN}(\mathbf{T})), \qquad
        \mathbf{T}'' = \mathbf{T}' + \text{MLP}(\text{LN}(\mathbf{T}'))

    Source: A. Vaswani et al., "Attention Is All You Need", 2017, with normalization before each
    part as in R. Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020.

    Parameters
    ----------
    width : `int`
        Length of a token
    num_heads : `int`
        Number of attention heads, a divisor of ``width``
    dropout : `float`
        Dropout rate of attention weights and activations
    expansion : `int`
        Ratio of hidden units of the perceptron to ``width``

    Input
    -----
    tokens : [batch, num_tokens, width], `float`
        Tokens
    attention_mask : `None` (all) | [batch, num_tokens], `bool`
        Tokens that are not masked; the output of a fully masked row is finite but meaningless

    Output
    ------
    : as ``tokens``
        Updated tokens

    Raises
    ------
    ValueError
        If ``width`` is not divisible by ``num_heads``
    """

    def __init__(
        self,
        width: int,
        num_heads: int = 4,
        dropout: float = 0.0,
        expansion: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_heads(num_heads, width=width)
        self.width = width
        self._before_attention = keras.layers.LayerNormalization(epsilon=1e-5)
        self._attention = keras.layers.MultiHeadAttention(
            num_heads, width // num_heads, dropout=dropout
        )
        self._perceptron = perceptron(width, expansion, dropout)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for tokens of ``input_shape``."""
        self._before_attention.build(input_shape)
        self._attention.build(input_shape, input_shape)
        self._perceptron.build(input_shape)

    def call(
        self,
        tokens: keras.KerasTensor,
        attention_mask: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Update ``tokens``."""
        mask = None
        if attention_mask is not None:  # avoids an attention over no token
            empty = ops.logical_not(ops.any(attention_mask, -1, keepdims=True))
            mask = ops.logical_or(attention_mask, empty)[:, None, :]
        seen = self._before_attention(tokens)
        tokens += self._attention(seen, seen, attention_mask=mask, training=training)
        return tokens + self._perceptron(tokens, training=training)


def check_heads(num_heads: int, **widths: int) -> None:
    """Check that each of ``widths`` is divisible by the number of attention heads.

    Raises
    ------
    ValueError
        If a width, which is named, is not a multiple of ``num_heads``
    """
    for name, width in widths.items():
        if width % num_heads:
            raise ValueError(
                f"`{name}` must be a multiple of `num_heads`. Received: {width} and {num_heads}"
            )


def perceptron(width: int, expansion: int, dropout: float) -> keras.Sequential:
    """Perceptron of a block with one hidden layer, on normalized tokens."""
    return keras.Sequential(
        [
            keras.layers.LayerNormalization(epsilon=1e-5),
            keras.layers.Dense(expansion * width, "gelu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(width),
        ]
    )


@keras.saving.register_keras_serializable("sionna_semcom")
class SequenceEncoder(keras.layers.Layer):
    """Transformer with a class token over a sequence of frames with padding.

    .. code-block:: text

        frames ─ dense ─ + positions ─┐
                        class token ─┴─ blocks ─ class token ─ layer norm ─ features

    Parameters
    ----------
    width : `int`
        Length of a token and of the features
    num_blocks : `int`
        Number of transformer blocks
    num_heads : `int`
        Number of attention heads
    dropout : `float`
        Dropout rate

    Input
    -----
    frames : [batch, num_frames, dim], `float`
        Frames; the maximum number of frames is known when the layer is built
    lengths : [batch], `int`
        Number of valid frames of each sequence, which come first; may be zero

    Output
    ------
    : [batch, width], `float`
        Features
    """

    def __init__(
        self,
        width: int,
        num_blocks: int = 1,
        num_heads: int = 4,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.width = width
        self._embed = keras.layers.Dense(width)
        self._blocks = [TransformerBlock(width, num_heads, dropout) for _ in range(num_blocks)]
        self._norm = keras.layers.LayerNormalization(epsilon=1e-5)

    def build(self, frames_shape: tuple[int | None, ...], lengths_shape: Any = None) -> None:
        """Create the weights for frames of ``frames_shape``."""
        num_tokens = int(frames_shape[1] or 0) + 1
        self._embed.build(frames_shape)
        self._positions = self.add_weight(
            shape=(num_tokens, self.width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="positions",
        )
        for block in self._blocks:
            block.build((None, num_tokens, self.width))
        self._norm.build((None, self.width))

    def call(
        self, frames: keras.KerasTensor, lengths: keras.KerasTensor, training: bool = False
    ) -> keras.KerasTensor:
        """Encode ``frames``."""
        num_frames = frames.shape[1]
        tokens = ops.pad(self._embed(frames), [[0, 0], [1, 0], [0, 0]]) + self._positions
        real = ops.arange(num_frames + 1) <= ops.cast(lengths, "int32")[:, None]
        for block in self._blocks:
            tokens = block(tokens, attention_mask=real, training=training)
        return self._norm(tokens[:, 0])
