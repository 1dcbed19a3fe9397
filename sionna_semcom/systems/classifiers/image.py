# SPDX-License-Identifier: Apache-2.0
"""A classifier of images in two parts: the encoder gives latents, the head reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops

from ...semantics import plain_encoder, residual_encoder

Network = Literal["residual", "plain"]

_ENCODERS = {"residual": residual_encoder, "plain": plain_encoder}


class ImageClassifier(keras.Model):
    r"""Latents of images, and the classes that a linear head reads from them.

    .. math:: \mathbf{s} = E(\mathbf{z}), \qquad \text{logits} = \mathbf{W}\mathbf{s} + \mathbf{b}

    Two of them, trained apart, are the networks of a transmitter and a receiver that never met
    (:mod:`sionna_semcom.alignment`).

    Parameters
    ----------
    network : "residual" | "plain"
        Architecture of the encoder
    shape : sequence of `int`
        Height, width and channels of an image
    latent_dim : `int`
        Real numbers of a latent
    num_classes : `int`
        Number of classes
    widths : sequence of `int`
        Filters of the stages of the encoder
    label_smoothing : `float`
        Share of the target that is spread over all classes in training
    mirror : `bool`
        Whether, after training, latents are means over an image and its mirror image

    Input
    -----
    inputs : `dict`
        ``image`` [batch, height, width, channels] in [0, 1]; ``label`` [batch] for training

    Output
    ------
    : [batch, num_classes], `float`
        Logits
    """

    def __init__(
        self,
        network: Network,
        shape: Sequence[int],
        latent_dim: int,
        num_classes: int = 10,
        widths: Sequence[int] = (48, 96, 192),
        label_smoothing: float = 0.1,
        mirror: bool = False,
    ) -> None:
        super().__init__(name=f"{network}_classifier")
        if network not in _ENCODERS:
            raise ValueError(
                f"`network` must be one of {', '.join(_ENCODERS)}. Received: {network!r}"
            )
        self.encoder = _ENCODERS[network](shape, latent_dim, widths)
        self.head = keras.layers.Dense(num_classes)
        self.head.build((None, latent_dim))
        self.num_classes = num_classes
        self.label_smoothing = label_smoothing
        self.mirror = mirror
        self.built = True

    def encode(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents [batch, latent_dim] of ``images``."""
        latents = self.encoder(images, training=training)
        if training or not self.mirror:
            return latents
        return 0.5 * (latents + self.encoder(ops.flip(images, axis=2), training=False))

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Logits of the classes."""
        return self.head(self.encode(inputs["image"], training))

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Cross-entropy in nats with the smoothed ``label`` that comes with the images."""
        spread = self.label_smoothing / self.num_classes
        target = ops.one_hot(x["label"], self.num_classes) * (1.0 - self.label_smoothing) + spread
        return ops.mean(ops.categorical_crossentropy(target, y_pred, from_logits=True))
