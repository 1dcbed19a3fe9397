# SPDX-License-Identifier: Apache-2.0
"""Encoders that return the tokens of one modality of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from ..._networks import layer_name
from .feature_encoder import FeatureEncoder
from .feature_tokens import FeatureTokens
from .image_networks import token_encoder


@keras.saving.register_keras_serializable("sionna_semcom")
class EncoderTokens(keras.layers.Layer):
    """Tokens from the output of an encoder of one modality, without padding.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch
    shape : sequence of `int`
        Shape of a sample
    encoder : `keras.Layer`
        Maps samples ``[batch, *shape]`` or, as :class:`FeatureEncoder`, the whole batch to vectors
        [batch, width], with one token each, or to tokens [batch, num_tokens, width]

    Input
    -----
    inputs : `dict`
        Batch

    Output
    ------
    tokens : [batch, num_tokens, width], `float`
        Tokens
    mask : `None`
        All tokens are valid
    """

    def __init__(
        self, name: str, shape: Sequence[int], encoder: keras.Layer, **kwargs: Any
    ) -> None:
        super().__init__(name=layer_name(name, "tokens"), **kwargs)
        self._key, self._sample_shape = name, tuple(shape)
        self.encoder = encoder
        if not encoder.built:
            encoder.build((None, *shape))
        if isinstance(encoder, FeatureEncoder):
            self._output: tuple[int, ...] = (encoder.width,)
        else:
            self._output = tuple(encoder.compute_output_shape((None, *shape)))[1:]
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {"name": self._key, "shape": self._sample_shape, "encoder": encoder}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> EncoderTokens:
        """Build the layer from the output of :meth:`get_config`."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(config["name"], config["shape"], encoder)

    @property
    def token_shape(self) -> tuple[int, int]:
        """Number and length of the tokens."""
        number, length = (1, *self._output)[-2:]
        return number, length

    def call(self, inputs: Mapping[str, Any], training: bool = False) -> tuple[Any, None]:
        """Encode the samples."""
        takes_all = isinstance(self.encoder, FeatureEncoder)
        encoded = self.encoder(inputs if takes_all else inputs[self._key], training=training)
        return ops.reshape(encoded, [-1, *self.token_shape]), None


def default_tokens(
    name: str,
    shape: Sequence[int],
    *,
    filters: Sequence[int] = (24, 48, 96),
    width: int = 64,
    num_tokens: int = 4,
    **options: Any,
) -> EncoderTokens | FeatureTokens:
    """Encoder for samples of ``shape``: images (3 axes), sequences (2) or vectors (1).

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch
    shape : sequence of `int`
        Shape of a sample
    filters : sequence of `int`
        Filters of the convolutions for images; each convolution halves height and width
    width : `int`
        Length of the tokens of vectors and sequences
    num_tokens : `int`
        Number of tokens of a vector; a sequence has one token per frame
    **options
        Further arguments of :class:`FeatureTokens`, for vectors and sequences

    Output
    ------
    : :class:`EncoderTokens` | :class:`FeatureTokens`
        Layer that maps a batch to tokens and their mask

    Raises
    ------
    ValueError
        If ``shape`` has a different number of axes
    """
    if len(shape) not in (1, 2, 3):
        raise ValueError(
            f"Samples of {name!r} must be images (height, width, channels), sequences "
            f"(num_frames, dim) or vectors (dim,). Received: {tuple(shape)}"
        )
    if len(shape) == 3:
        return EncoderTokens(name, shape, token_encoder(shape, filters))
    return FeatureTokens(name, shape, width, num_tokens, **options)
