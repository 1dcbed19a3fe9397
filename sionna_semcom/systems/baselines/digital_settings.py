# SPDX-License-Identifier: Apache-2.0
"""Settings from which the conventional chain and the noiseless bound are built."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from ...datasets import Data, MultimodalFeatures
from ...link import Link
from ...mapping import num_symbols
from ..decision.settings import TaskSettings
from .digital import DigitalFeatures, information_bits


class DigitalFeaturesSettings(TaskSettings):
    """A :class:`DigitalFeatures` that compresses and protects features of several modalities."""

    kind: Literal["digital_features"]
    receiver_knows_noise: Literal[True] = True
    """The demapper always uses the noise power that the link reports"""
    num_bits_per_symbol: Literal[2, 4, 6, 8] = 2
    """Bits a QAM symbol"""
    coderate: float = Field(0.5, ge=0.2, le=0.95)
    """Code rate of the 5G LDPC code"""
    num_components: PositiveInt | None = None
    """Components of the transform; nothing (null) is what makes the squared error least"""
    share: float = Field(0.95, gt=0, le=1)
    """Share of the training samples whose bits fit; what does not fit is cut"""
    width: NonNegativeInt = 0
    """Units of the hidden layer of the receiver's network; zero leaves it out"""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of coefficients and activations that is dropped in training"""
    weight_decay: NonNegativeFloat = 1e-2
    """Weight of the squared weights of the receiver's network in the loss"""

    @model_validator(mode="after")
    def _check_fits(self) -> "DigitalFeaturesSettings":
        information_bits(num_symbols(self.transmitted_dim), self.num_bits_per_symbol, self.coderate)
        return self

    def build(self, data: Data, link: Link, snr_db: float | tuple[float, float]) -> DigitalFeatures:
        """Fit the source coder to the training samples of ``data`` and build the system.

        Raises
        ------
        ValueError
            If ``data`` are no features
        """
        if not isinstance(data, MultimodalFeatures):
            raise ValueError("digital_features needs features as data (kind: features, ...)")
        options = self.model_dump(exclude={"kind", "receiver_knows_noise"})
        features = data.arrays("train")
        return DigitalFeatures(
            data.shapes, data.num_classes, link, features, snr_db=snr_db, **options
        )
