# SPDX-License-Identifier: Apache-2.0
"""Fusion of the tokens of several modalities by class attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from ..._networks import layer_name
from .transformer import TransformerBlock, check_heads, perceptron


@keras.saving.register_keras_serializable("sionna_semcom")
class ClassAttention(keras.layers.Layer):
    r"""Class attention over tokens with a padding mask, followed by a perceptron.

    .. math::
        \mathbf{c}' = \mathbf{c} + \text{MHA}(\text{LN}(\mathbf{c}), \text{LN}(\mathbf{T})), \qquad
        \mathbf{c}'' = \mathbf{c}' + \text{MLP}(\text{LN}(\mathbf{c}'))

    Only the class token is updated. The number of operations is therefore linear in the number of
    tokens, and the class token can be much wider than the other tokens. If all tokens are masked,
    the attention is zero. Keys and values have no biases: biases of keys do not change the
    attention weights, and biases of values are equivalent to the bias of the output.

    Source: H. Touvron et al., "Going deeper with Image Transformers", ICCV 2021.

    Parameters
    ----------
    width : `int`
        Length of the class token
    token_width : `int`
        Length of the other tokens, and of the keys of all heads
    num_heads : `int`
        Number of attention heads, a divisor of both widths
    expansion : `int`
        Ratio of hidden units of the perceptron to ``width``
    dropout : `float`
        Dropout rate of activations

    Input
    -----
    token : [batch, width], `float`
        Class token
    tokens : [batch, num_tokens, token_width], `float`
        Tokens
    attention_mask : `None` (all) | [batch, num_tokens], `bool`
        Tokens that are not masked

    Output
    ------
    : [batch, width], `float`
        Updated class token

    Raises
    ------
    ValueError
        If a width is not divisible by the number of heads
    """

    def __init__(
        self,
        width: int,
        token_width: int,
        num_heads: int = 8,
        expansion: int = 2,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_heads(num_heads, width=width, token_width=token_width)
        self.width, self.token_width, self.num_heads = width, token_width, num_heads
        self._norms = [keras.layers.LayerNormalization(epsilon=1e-5) for _ in range(2)]
        self._query, self._output = keras.layers.Dense(token_width), keras.layers.Dense(width)
        self._perceptron = perceptron(width, expansion, dropout)

    def build(self, token_shape: Any, tokens_shape: Any = None) -> None:
        """Create the weights."""
        own, others = (None, self.width), (None, None, self.token_width)
        for norm, shape in zip(self._norms, (own, others), strict=True):
            norm.build(shape)
        self._query.build(own)
        self._output.build(own)
        self._key = self.add_weight(
            shape=(self.token_width, self.token_width), initializer="glorot_uniform", name="key"
        )
        self._value = self.add_weight(
            shape=(self.token_width, self.width), initializer="glorot_uniform", name="value"
        )
        self._perceptron.build(own)

    def call(
        self,
        token: keras.KerasTensor,
        tokens: keras.KerasTensor,
        attention_mask: keras.KerasTensor | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Update the class ``token`` from ``tokens``."""
        seen = self._norms[1](tokens)
        query = self._by_head(self._query(self._norms[0](token)))
        query /= query.shape[-1] ** 0.5
        # With one query per head, the projections of keys and values are applied to the query and
        # to the weighted mean of the tokens, instead of each token
        asked = ops.einsum("bhd,whd->bhw", query, self._by_head(self._key))
        scores = ops.einsum("btw,bhw->bth", seen, asked)
        if attention_mask is not None:
            scores = ops.where(attention_mask[..., None], scores, -3e4)  # finite also in 16 bits
        # Keras's softmax warns about a single token
        share = ops.exp(scores - ops.logsumexp(scores, axis=1, keepdims=True))
        if attention_mask is not None:
            share *= ops.cast(attention_mask[..., None], share.dtype)
        read = ops.einsum("bth,btw->bhw", share, seen)
        read = ops.einsum("bhw,whd->bhd", read, self._by_head(self._value))
        token += self._output(ops.reshape(read, [-1, self.width]))
        return token + self._perceptron(token, training=training)

    def _by_head(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return ops.reshape(x, [-1, self.num_heads, x.shape[-1] // self.num_heads])


@keras.saving.register_keras_serializable("sionna_semcom")
class MultimodalFusion(keras.layers.Layer):
    r"""Fuse the tokens of the given modalities to one vector.

    .. code-block:: text

        tokens_1 ─ converter_1 ─ + positions_1 ─┐
        tokens_2 ─ converter_2 ─ + positions_2 ─┼─ blocks ─ class attention ─ LN ─ vector
                                    class token ┘

    The tokens of a missing modality are not computed, so it has no effect on the output. A modality
    without valid tokens is masked, with the same result.

    Source: Dufumier et al., "What to align in multimodal contrastive learning?", ICLR 2025: latent
    converters and a transformer with a class token. Class attention is an addition.

    Parameters
    ----------
    token_shapes : `dict` of (`int`, `int`)
        Number and length of the tokens of each modality
    width : `int`
        Length of the class token and of the output
    token_width : `int`
        Length of the tokens after the converters
    num_heads : `int`
        Number of attention heads
    num_blocks : `int`
        Number of transformer blocks over the tokens of all modalities before the class attention
    expansion : `int`
        Ratio of hidden units of perceptrons to their width
    dropout : `float`
        Dropout rate of activations

    Input
    -----
    tokens : `dict` of [batch, num_tokens, length], `float`
        Tokens of at least one of the modalities
    masks : `dict` of [batch, num_tokens], `bool`
        Valid tokens of modalities with padding; `None` or omitted for other modalities

    Output
    ------
    : [batch, width], `float`
        Fused representation

    Raises
    ------
    ValueError
        If there are no modalities, a width is not divisible by ``num_heads``, or shapes of
        ``tokens`` do not match
    """

    def __init__(
        self,
        token_shapes: Mapping[str, Sequence[int]],
        width: int = 512,
        token_width: int = 128,
        num_heads: int = 8,
        num_blocks: int = 0,
        expansion: int = 2,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not token_shapes:
            raise ValueError("`token_shapes` must name at least one modality. Received none")
        self.width = width
        self._token_shapes = {name: tuple(shape) for name, shape in token_shapes.items()}
        self._converters, self._positions = {}, {}
        small = keras.initializers.RandomNormal(stddev=0.02)
        for name, (number, length) in token_shapes.items():
            self._converters[name] = keras.layers.Dense(
                token_width, name=layer_name(name, "converter")
            )
            self._converters[name].build((None, number, length))
            self._positions[name] = self.add_weight(
                shape=(number, token_width), initializer=small, name=layer_name(name, "positions")
            )
        self._blocks = [
            TransformerBlock(token_width, num_heads, dropout, expansion) for _ in range(num_blocks)
        ]
        for block in self._blocks:
            block.build((None, None, token_width))
        self._class = self.add_weight(shape=(1, width), initializer=small, name="class")
        self._attention = ClassAttention(width, token_width, num_heads, expansion, dropout)
        self._attention.build(None)
        self._norm = keras.layers.LayerNormalization(epsilon=1e-5)
        self._norm.build((None, width))
        self.built = True

    def call(
        self,
        tokens: Mapping[str, keras.KerasTensor],
        masks: Mapping[str, keras.KerasTensor] | None = None,
        training: bool = False,
    ) -> keras.KerasTensor:
        """Fuse ``tokens``."""
        for name, x in tokens.items():
            if name not in self._token_shapes or tuple(x.shape[1:]) != self._token_shapes[name]:
                raise ValueError(
                    f"`tokens` must have the shapes {self._token_shapes} behind the batch. "
                    f"Received: {name} of shape {tuple(x.shape)}"
                )
        joined = ops.concatenate(
            [self._converters[name](x) + self._positions[name] for name, x in tokens.items()], 1
        )
        attention_mask = _join_masks(tokens, masks or {})
        for block in self._blocks:
            joined = block(joined, attention_mask=attention_mask, training=training)
        token = ops.repeat(self._class, ops.shape(joined)[0], axis=0)
        return self._norm(self._attention(token, joined, attention_mask, training=training))


def _join_masks(
    tokens: Mapping[str, keras.KerasTensor], masks: Mapping[str, keras.KerasTensor]
) -> keras.KerasTensor | None:
    """Concatenated masks of all ``tokens``, if there are any."""
    masks = {name: mask for name, mask in masks.items() if mask is not None and name in tokens}
    if not masks:
        return None
    everything = (ops.ones(ops.shape(x)[:2], "bool") for x in tokens.values())
    pairs = zip(tokens, everything, strict=True)
    return ops.concatenate([masks.get(name, full) for name, full in pairs], 1)
