# SPDX-License-Identifier: Apache-2.0
"""Encoders that give tokens of one modality of a batch, as `FeatureTokens` does of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from .feature_encoder import FeatureEncoder
from .feature_tokens import FeatureTokens
from .image_networks import token_encoder


@keras.saving.register_keras_serializable("sionna_semcom")
class EncoderTokens(keras.layers.Layer):
    """What an encoder gives for one modality, as tokens, none of which is padding.

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch
    shape : sequence of `int`
        Shape of a sample
    encoder : `keras.Layer`
        From samples ``[batch, *shape]``, or as a :class:`FeatureEncoder` from the whole batch, to
        vectors [batch, width], which are a token each, or to tokens [batch, num_tokens, width]

    Input
    -----
    inputs : `dict`
        Batch

    Output
    ------
    tokens : [batch, num_tokens, width], `float`
        Tokens
    mask : `None`
        All of them are real
    """

    def __init__(
        self, name: str, shape: Sequence[int], encoder: keras.Layer, **kwargs: Any
    ) -> None:
        super().__init__(name=f"{name}_tokens", **kwargs)
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
        """Build the layer from what :meth:`get_config` gave."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        return cls(config["name"], config["shape"], encoder)

    @property
    def token_shape(self) -> tuple[int, int]:
        """Number and length of the tokens."""
        number, length = (1, *self._output)[-2:]
        return number, length

    def call(self, inputs: Mapping[str, Any], training: bool = False) -> tuple[Any, None]:
        """Encode the modality's samples."""
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
    """Encoder of samples of ``shape``: images (3 axes), sequences (2) or vectors (1).

    Parameters
    ----------
    name : `str`
        Key of the modality in a batch
    shape : sequence of `int`
        Shape of a sample
    filters : sequence of `int`
        Filters of the convolutions of images, each of which halves height and width
    width : `int`
        Length of the tokens of vectors and sequences
    num_tokens : `int`
        Tokens of a vector; a sequence has one a frame
    **options
        Further arguments of :class:`FeatureTokens`, for vectors and sequences

    Raises
    ------
    ValueError
        If samples of ``shape`` are none of the three
    """
    if len(shape) not in (1, 2, 3):
        raise ValueError(
            f"Samples of {name!r} must be images (height, width, channels), sequences "
            f"(num_frames, dim) or vectors (dim,). Received: {tuple(shape)}"
        )
    if len(shape) == 3:
        return EncoderTokens(name, shape, token_encoder(shape, filters))
    return FeatureTokens(name, shape, width, num_tokens, **options)
