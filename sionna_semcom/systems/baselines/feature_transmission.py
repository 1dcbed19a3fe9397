# SPDX-License-Identifier: Apache-2.0
"""Decision on error-free features: an upper bound for transmission."""

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
    """A :class:`FeatureTransmission`, in which features are received without errors."""

    modes = ("latent",)
    asks_again = False

    kind: Literal["feature_transmission"] = "feature_transmission"
    width: NonNegativeInt = 64
    """Units of encoders and of the hidden layer; zero selects an affine map"""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Dropout rate of features and activations"""
    input_dropout: float | None = Field(None, ge=0, lt=1)
    """Dropout rate of features before the encoders; ``dropout`` if null"""
    weight_decay: NonNegativeFloat = 1e-3
    """Weight of the L2 penalty of the decision network"""


@SYSTEMS.register(FeatureTransmissionSettings)
class FeatureTransmission(DecisionSystem):
    r"""Upper bound: the receiver has all features without errors, for any link and SNR.

    .. code-block:: text

        s_m ─ unchanged ─ encoder ─┬─ head ─ ŷ

    Channel uses are counted for two real features per complex symbol.

    See :class:`~sionna_semcom.systems.DecisionSystem` for ``shapes``, ``num_classes``, ``link``,
    ``snr_db``, input and output.
    """

    receiver_knows_noise = False
    """There is no noise"""
    successive = False
    """There are no transmissions to decide after"""

    def create_layers(self) -> None:
        """Create the encoders and the decision network."""
        width, dropout = self.settings.width, self.settings.dropout
        self.encoders = {}
        if width:
            self.encoders = {
                name: FeatureEncoder(name, shape, width, dropout, self.settings.input_dropout)
                for name, shape in self.shapes.items()
            }
        self._dim = sum(width or shape[-1] for shape in self.shapes.values())
        self.head = decision_network(
            self._dim, self.task.num_outputs, width, dropout, self.settings.weight_decay
        )

    @property
    def transmitted_dim(self) -> int:
        """Number of features per sample."""
        return toi(self.shapes)

    @property
    def received_features(self) -> int:
        """Number of real numbers at the input of the decision."""
        return self._dim

    def encode(self, inputs: Batch, presence: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Encoded features of all modalities, zero for missing modalities."""
        if not self.encoders:
            return as_vectors(inputs, self.shapes, presence)
        encoded = [encoder(inputs, training=training) for encoder in self.encoders.values()]
        return tf.concat(where_present(encoded, presence), -1)

    def receive(self, latents: tf.Tensor, no: tf.Tensor, link: Link | None = None) -> tf.Tensor:
        """Return ``latents`` unchanged."""
        return latents

    def decode(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs for encoded features."""
        return self.head(features, training=training)
