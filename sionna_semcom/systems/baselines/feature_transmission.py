# SPDX-License-Identifier: Apache-2.0
"""A decision on features as they are: what transmission without any loss would allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import tensorflow as tf
from pydantic import Field, NonNegativeFloat, NonNegativeInt

from ...datasets import Data
from ...link import Link
from ...metrics import toi
from ...semantics import FeatureEncoder
from ..decision.settings import TaskSettings
from ..decision.system import TaskSystem
from ..decision.vectors import as_vectors
from .digital import decision_network


class FeatureTransmission(TaskSystem):
    r"""All features reach the receiver unchanged, whatever link and SNR: an upper bound.

    .. code-block:: text

        s_m ─ as they are ─ encoder ─┬─ head ─ ŷ

    It counts two real features in a complex symbol, and so says what it would cost to send them.

    Parameters
    ----------
    shapes, num_classes, link, snr_db, modality_dropout
        See :class:`~sionna_semcom.systems.TaskSystem`
    width : `int`
        Units of each modality's encoder and of the hidden layer; zero decides by an affine map of
        the features, of sequences by that of the mean of their frames
    dropout : `float`
        Share of features and activations that is dropped in training
    weight_decay : `float`
        Weight of the squared weights of the decision's network in the loss

    Input, Output
    -------------
    See :class:`~sionna_semcom.systems.TaskSystem`
    """

    def __init__(
        self,
        shapes: Mapping[str, Sequence[int]],
        num_classes: int,
        link: Link,
        *,
        snr_db: float | tuple[float, float] = (-12.0, 21.0),
        modality_dropout: float = 0.0,
        width: int = 64,
        dropout: float = 0.3,
        weight_decay: float = 1e-3,
        name: str = "feature_transmission",
    ) -> None:
        super().__init__(
            shapes,
            num_classes,
            link,
            snr_db=snr_db,
            transmitted_dim=toi(shapes),
            modality_dropout=modality_dropout,
            receiver_knows_noise=False,
            name=name,
        )
        self.encoders = {}
        if width:
            self.encoders = {
                name: FeatureEncoder(name, shape, width, dropout)
                for name, shape in self.shapes.items()
            }
        self._dim = sum(width or shape[-1] for shape in self.shapes.values())
        self.head = decision_network(self._dim, self.task.num_outputs, width, dropout, weight_decay)
        self.built = True

    @property
    def received_features(self) -> int:
        """Real numbers that the receiver's network decides on."""
        return self._dim

    def encode(
        self, inputs: Mapping[str, tf.Tensor], presence: tf.Tensor, training: bool = False
    ) -> tf.Tensor:
        """Encoded features of all modalities, zero where missing."""
        if not self.encoders:
            return as_vectors(inputs, self.shapes, presence)
        encoded = [encoder(inputs, training=training) for encoder in self.encoders.values()]
        there = tf.split(presence, len(self.shapes), -1)
        return tf.concat([x * mask for x, mask in zip(encoded, there, strict=True)], -1)

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """``latents`` as they are; nothing happens to features on their way."""
        return latents

    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs for encoded features."""
        return self.head(features, training=training)


class FeatureTransmissionSettings(TaskSettings):
    """A :class:`FeatureTransmission`, in which features arrive as they are."""

    modes = ("latent",)

    kind: Literal["feature_transmission"]
    width: NonNegativeInt = 64
    """Units of encoders and of the hidden layer; zero decides by an affine map"""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of features and activations that is dropped in training"""
    weight_decay: NonNegativeFloat = 1e-3
    """Weight of the squared weights of the decision's network in the loss"""

    def build(
        self, data: Data, link: Link, snr_db: float | tuple[float, float]
    ) -> FeatureTransmission:
        """Build the system for samples like those of ``data``; nothing of it crosses a link."""
        options = self.model_dump(exclude={"kind", "transmitted_dim", "receiver_knows_noise"})
        return FeatureTransmission(data.shapes, data.num_classes, link, snr_db=snr_db, **options)
