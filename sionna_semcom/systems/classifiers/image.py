# SPDX-License-Identifier: Apache-2.0
"""A classifier of images in two parts: the encoder gives latents, the head reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
import tensorflow as tf
from keras import ops
from pydantic import Field, PositiveInt

from ...semantics import plain_encoder, residual_encoder
from ..base.settings import SYSTEMS, SystemSettings
from .base import ClassifierModel

Network = Literal["residual", "plain"]

_ENCODERS = {"residual": residual_encoder, "plain": plain_encoder}


class ImageClassifierSettings(SystemSettings):
    """An :class:`ImageClassifier`, whose latents a transmitter sends or a receiver understands."""

    kind: Literal["image_classifier"] = "image_classifier"
    network: Network
    """Architecture of the encoder"""
    latent_dim: PositiveInt
    """Real numbers of a latent"""
    widths: tuple[PositiveInt, ...] = (48, 96, 192)
    """Filters of the stages of the encoder"""
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    """Share of the target that is spread over all classes in training"""
    mirror: bool = False
    """Whether, after training, latents are means over an image and its mirror image"""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return ("image",)


@SYSTEMS.register(ImageClassifierSettings)
class ImageClassifier(ClassifierModel):
    r"""Latents of images, and the classes that a linear head reads from them.

    .. math:: \mathbf{s} = E(\mathbf{z}), \qquad \text{logits} = \mathbf{W}\mathbf{s} + \mathbf{b}

    Two of them, trained apart, are the networks of a transmitter and a receiver that never met
    (:mod:`sionna_semcom.alignment`).

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

    def __init__(self, shape: Sequence[int], num_classes: int = 10, **options: Any) -> None:
        super().__init__(shape, num_classes, **options)
        chosen = self.settings
        self.encoder = _ENCODERS[chosen.network](shape, chosen.latent_dim, chosen.widths)
        self.head = keras.layers.Dense(num_classes)
        self.head.build((None, chosen.latent_dim))
        self.built = True

    def encode(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Latents [batch, latent_dim] of ``images``."""
        latents = self.encoder(images, training=training)
        if training or not self.settings.mirror:
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
        spread = self.settings.label_smoothing / self.num_classes
        target = (
            ops.one_hot(x["label"], self.num_classes) * (1.0 - self.settings.label_smoothing)
            + spread
        )
        return ops.mean(ops.categorical_crossentropy(target, y_pred, from_logits=True))
