# SPDX-License-Identifier: Apache-2.0
"""Image encoders: two different networks for alignment, and one that returns tokens."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers


def residual_encoder(
    shape: Sequence[int], latent_dim: int, widths: Sequence[int] = (48, 96, 192)
) -> keras.Model:
    """Encode images ``[batch, height, width, channels]`` to ``[batch, latent_dim]``.

    Residual blocks of two convolutions with strides in between (He et al., 2016), ReLU, and average
    pooling over height and width.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of a sample, without the batch axis
    latent_dim : `int`
        Dimension of the latent
    widths : sequence of `int`
        Filters of each stage

    Output
    ------
    : `keras.Model`
        Encoder
    """
    images = layers.Input(shape)
    x = _convolution(_center(images), 32, strides=2, activation="relu")
    for number, width in enumerate(widths):
        strides = 2 if number else 1
        shortcut = _convolution(x, width, size=1, strides=strides)
        x = _convolution(x, width, strides=strides, activation="relu")
        x = layers.Activation("relu")(layers.Add()([shortcut, _convolution(x, width)]))
    x = _convolution(x, latent_dim, size=1, activation="relu")
    return keras.Model(images, layers.GlobalAveragePooling2D()(x), name="residual_encoder")


def plain_encoder(
    shape: Sequence[int], latent_dim: int, widths: Sequence[int] = (48, 96, 192)
) -> keras.Model:
    """Encode images ``[batch, height, width, channels]`` to ``[batch, latent_dim]``.

    Patches of 2 x 2 pixels, pairs of convolutions with max pooling in between and no shortcuts
    (Simonyan and Zisserman, 2015), GELU, and max pooling over height and width.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of a sample, without the batch axis
    latent_dim : `int`
        Dimension of the latent
    widths : sequence of `int`
        Filters of each stage

    Output
    ------
    : `keras.Model`
        Encoder
    """
    images = layers.Input(shape)
    x = layers.Conv2D(32, 2, strides=2, padding="same", activation="gelu")(_center(images))
    for number, width in enumerate(widths):
        if number:
            x = layers.MaxPooling2D(2, padding="same")(x)
        x = _convolution(x, width, activation="gelu")
        x = _convolution(x, width, activation="gelu")
    x = _convolution(x, latent_dim, size=1, activation="gelu")
    return keras.Model(images, layers.GlobalMaxPooling2D()(x), name="plain_encoder")


def token_encoder(shape: Sequence[int], filters: Sequence[int] = (24, 48, 96)) -> keras.Model:
    """Encode images ``[batch, height, width, channels]`` to ``[batch, num_tokens, filters[-1]]``.

    Convolutions with a stride of two, the first with 5 x 5 pixels, batch normalization and ReLU.
    There is one token for each position of the output.

    Parameters
    ----------
    shape : sequence of `int`
        Shape of a sample, without the batch axis
    filters : sequence of `int`
        Filters of the convolutions

    Output
    ------
    : `keras.Model`
        Encoder

    Raises
    ------
    ValueError
        If ``filters`` is empty
    """
    if not filters:
        raise ValueError("`filters` must hold at least one number. Received none")
    images = layers.Input(shape)
    x = layers.Rescaling(4.0, offset=-1.0)(images)  # for a black background
    for number, width in enumerate(filters):
        x = _convolution(x, width, size=3 if number else 5, strides=2, activation="relu")
    return keras.Model(images, layers.Reshape((-1, filters[-1]))(x), name="token_encoder")


def _center(images: keras.KerasTensor) -> keras.KerasTensor:
    """Map [0, 1] to values of about zero mean and unit variance."""
    return layers.Rescaling(4.0, offset=-2.0)(images)


def _convolution(
    x: keras.KerasTensor,
    filters: int,
    size: int = 3,
    strides: int = 1,
    activation: str | None = None,
) -> keras.KerasTensor:
    """Convolution with batch normalization."""
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation(activation)(x) if activation else x
