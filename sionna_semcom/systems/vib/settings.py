# SPDX-License-Identifier: Apache-2.0
"""Settings of two-stage bottlenecks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from ..base.devices import DeviceSettings
from ..base.settings import SystemSettings
from ..decision.modes import AT_TRANSMITTER
from ..decision.settings import LatentDecisionSettings


class TwoStageVIBSettings(LatentDecisionSettings, DeviceSettings):
    """A :class:`TwoStageVIB` for the modalities of features."""

    starts_from = "a comm of encoders of its kind and sizes"

    kind: Literal["two_stage_vib"] = "two_stage_vib"
    width: PositiveInt = 64
    """Units of hidden layers"""
    unimodal_dim: PositiveInt = 32
    """Dimension of the latent of each modality"""
    received_dim: PositiveInt = 32
    """Dimension of the latent of the second stage"""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Dropout rate of features and activations"""
    input_dropout: float | None = Field(None, ge=0, lt=1)
    """Dropout rate of features; ``dropout`` if null"""
    beta: NonNegativeFloat | None = 1e-2
    """Weight of the divergences of the first stage; no bottleneck if null"""
    gamma: NonNegativeFloat | None = 1e-2
    """Weight of the divergence of the second stage; no bottleneck if null"""
    auxiliary_weight: NonNegativeFloat = 1.0
    """Weight of the decisions of single modalities in training"""
    redundancy_weight: NonNegativeFloat = 0.4
    """Final weight of the redundancy term"""
    warm_epochs: NonNegativeInt = 3
    """Number of epochs before the redundancy term is added"""
    num_samples: NonNegativeInt = 0
    """Number of samples of the second stage in evaluation; the mean is used if zero"""

    @model_validator(mode="after")
    def _check_successive(self) -> TwoStageVIBSettings:
        if self.devices and self.successive:
            raise ValueError(
                "`successive` needs one transmitter with all modalities. "
                f"Received: successive=True, transmitters={self.transmitters!r}"
            )
        return self

    @property
    def may_part(self) -> bool:
        """Whether a system trained with one transmitter can be evaluated with several: no."""
        return False

    @property
    def devices(self) -> bool:
        """Whether each modality is at its own device."""
        return self.transmitters == "separate"

    def check_evaluation(self, mode: str | None, present: Sequence[str] | None) -> None:
        """Check that a decision at the transmitter has all modalities."""
        super().check_evaluation(mode, present)
        if mode in AT_TRANSMITTER and self.devices:
            raise ValueError(f"mode {mode!r} needs one transmitter with all modalities")

    def check_confidence(self, confidence: float | None) -> None:
        """Check that a receiver that asks again has all modalities from one transmitter."""
        super().check_confidence(confidence)
        if confidence is not None and self.devices:
            raise ValueError(
                "confidence needs one transmitter with all modalities. "
                f"Received: {confidence}, transmitters={self.transmitters!r}"
            )

    def can_start_from(self, other: SystemSettings) -> bool:
        """Whether ``other`` is a CoMM with encoders of the same sizes."""
        encoders: Any = getattr(other, "encoders", None)
        return getattr(encoders, "kind", None) == self.kind and encoders.width == self.width
