# SPDX-License-Identifier: Apache-2.0
"""Image classifier with an encoder, which returns latents, and a linear head."""

from __future__ import annotations

from typing import Literal

import keras
import tensorflow as tf
from keras import ops
from pydantic import Field, PositiveInt

from ..._networks import built
from ...semantics import plain_encoder, residual_encoder
from ..base.contract import Batch
from ..base.settings import SYSTEMS, SystemSettings
from .base import ClassifierModel

Network = Literal["residual", "plain"]

_ENCODERS = {"residual": residual_encoder, "plain": plain_encoder}


class ImageClassifierSettings(SystemSettings):
    """An :class:`ImageClassifier`, whose latents are used at a transmitter or receiver."""

    kind: Literal["image_classifier"] = "image_classifier"
    network: Network
    """Architecture of the encoder"""
    latent_dim: PositiveInt
    """Number of real numbers in a latent"""
    widths: tuple[PositiveInt, ...] = (48, 96, 192)
    """Filters of the stages of the encoder"""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """Label smoothing in training"""
    mirror: bool = False
    """Whether latents outside training are averaged over an image and its mirror image"""

    @property
    def needs(self) -> tuple[str, ...]:
        """Required modalities of the data."""
        return ("image",)


@SYSTEMS.register(ImageClassifierSettings)
class ImageClassifier(ClassifierModel):
    r"""Encoder of images to latents, and a linear head that predicts classes from latents.

    .. math:: \mathbf{s} = E(\mathbf{z}), \qquad \text{logits} = \mathbf{W}\mathbf{s} + \mathbf{b}

    Two separately trained classifiers are the networks of transmitter and receiver in latent-space
    alignment (:mod:`sionna_semcom.alignment`).

    Parameters
    ----------
    shape : sequence of `int`
        Height, width and channels of an image
    num_classes : `int`
        Number of classes

    Input
    -----
    inputs : `dict`
        ``image`` [batch, height, width, channels] in [0, 1]; ``label`` [batch] for training

    Output
    ------
    : [batch, num_classes], `float`
        Logits
    """

    def create_layers(self) -> None:
        """Create encoder and head."""
        chosen = self.settings
        self.encoder = _ENCODERS[chosen.network](self.shape, chosen.latent_dim, chosen.widths)
        self.head = built(keras.layers.Dense(self.num_classes), chosen.latent_dim)

    def encode(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents [batch, latent_dim] of ``images``."""
        latents = self.encoder(images, training=training)
        if training or not self.settings.mirror:
            return latents
        return 0.5 * (latents + self.encoder(ops.flip(images, axis=2), training=False))

    def call(self, inputs: Batch, training: bool = False) -> tf.Tensor:
        """Logits of the classes."""
        return self.head(self.encode(inputs["image"], training))

    def classification_loss(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """Cross-entropy in nats with smoothed ``labels``."""
        share = self.settings.label_smoothing
        hard = ops.one_hot(labels, self.num_classes)
        target = hard * (1.0 - share) + share / self.num_classes
        return ops.mean(ops.categorical_crossentropy(target, logits, from_logits=True))
