# SPDX-License-Identifier: Apache-2.0
"""A decision on features as they are: what transmission without any loss would allow."""

from __future__ import annotations

from typing import Literal

import tensorflow as tf
from pydantic import Field, NonNegativeFloat, NonNegativeInt

from ...link import Link
from ...metrics import toi
from ...semantics import FeatureEncoder
from ..base.contract import Batch
from ..base.presence import where_present
from ..base.settings import SYSTEMS
from ..decision.settings import DecisionSettings
from ..decision.system import DecisionSystem
from ..decision.vectors import as_vectors
from .digital import decision_network


class FeatureTransmissionSettings(DecisionSettings):
    """A :class:`FeatureTransmission`, in which features arrive as they are."""

    modes = ("latent",)
    asks_again = False

    kind: Literal["feature_transmission"] = "feature_transmission"
    width: NonNegativeInt = 64
    """Units of encoders and of the hidden layer; zero decides by an affine map"""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of features and activations that is dropped in training"""
    weight_decay: NonNegativeFloat = 1e-3
    """Weight of the squared weights of the decision's network in the loss"""


@SYSTEMS.register(FeatureTransmissionSettings)
class FeatureTransmission(DecisionSystem):
    r"""All features reach the receiver unchanged, whatever link and SNR: an upper bound.

    .. code-block:: text

        s_m ─ as they are ─ encoder ─┬─ head ─ ŷ

    It counts two real features in a complex symbol, and so says what it would cost to send them.

    See :class:`~sionna_semcom.systems.DecisionSystem` for ``shapes``, ``num_classes``, ``link``,
    ``snr_db``, input and output.
    """

    def create_layers(self) -> None:
        """Create encoders and the network of the decision."""
        width, dropout = self.settings.width, self.settings.dropout
        self.encoders = {}
        if width:
            self.encoders = {
                name: FeatureEncoder(name, shape, width, dropout)
                for name, shape in self.shapes.items()
            }
        self._dim = sum(width or shape[-1] for shape in self.shapes.values())
        self.head = decision_network(
            self._dim, self.task.num_outputs, width, dropout, self.settings.weight_decay
        )

    @property
    def transmitted_dim(self) -> int:
        """All features of a sample."""
        return toi(self.shapes)

    @property
    def receiver_knows_noise(self) -> bool:
        """There is none."""
        return False

    @property
    def successive(self) -> bool:
        """There are no transmissions to decide after."""
        return False

    @property
    def received_features(self) -> int:
        """Real numbers that the receiver's network decides on."""
        return self._dim

    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Encoded features of all modalities, zero where missing."""
        if not self.encoders:
            return as_vectors(inputs, self.shapes, presence)
        encoded = [encoder(inputs, training=training) for encoder in self.encoders.values()]
        return tf.concat(where_present(encoded, presence), -1)

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """``latents`` as they are; nothing happens to features on their way."""
        return latents

    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs for encoded features."""
        return self.head(features, training=training)
