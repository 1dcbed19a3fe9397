# SPDX-License-Identifier: Apache-2.0
"""Settings from which two-stage bottlenecks are built."""

from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from ...datasets import Data
from ...link import Link
from ..base.settings import BaseSystemSettings
from ..decision.settings import TaskSettings
from .system import TwoStageVIB


class TwoStageVIBSettings(TaskSettings):
    """A :class:`TwoStageVIB` over the modalities of features."""

    kind: Literal["two_stage_vib"]
    width: PositiveInt = 64
    """Units of hidden layers"""
    unimodal_dim: PositiveInt = 32
    """Dimension of the latent of each modality"""
    received_dim: PositiveInt = 32
    """Dimension of the latent of the second stage"""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Share of features and activations that is dropped in training"""
    beta: NonNegativeFloat | None = 1e-2
    """Weight of the divergences of the first stage; nothing (null) leaves it out"""
    gamma: NonNegativeFloat | None = 1e-2
    """Weight of the divergence of the second stage; nothing (null) leaves it out"""
    auxiliary_weight: NonNegativeFloat = 1.0
    """Weight of each modality's own decision in training"""
    redundancy_weight: NonNegativeFloat = 0.4
    """Final weight of the redundancy term"""
    warm_epochs: NonNegativeInt = 3
    """Epochs before the redundancy term sets in"""
    num_samples: NonNegativeInt = 0
    """Samples of the second stage that evaluation averages over; zero takes its mean"""

    def can_start_from(self, other: BaseSystemSettings) -> bool:
        """Whether ``other`` is a CoMM of encoders of the same sizes."""
        encoders: Any = getattr(other, "encoders", None)
        return getattr(encoders, "kind", None) == self.kind and encoders.width == self.width

    def build(self, data: Data, link: Link, snr_db: float | tuple[float, float]) -> TwoStageVIB:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``."""
        options = self.model_dump(exclude={"kind"})
        return TwoStageVIB(data.shapes, data.num_classes, link, snr_db=snr_db, **options)
