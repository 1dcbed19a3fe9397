# SPDX-License-Identifier: Apache-2.0
"""Settings from which systems are built."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from .._settings import Settings
from ..link import Link
from ..semantics import modalities
from .centroid import CentroidSystem, Mode
from .classifier import Classifier


class CentroidSettings(Settings):
    """A :class:`CentroidSystem` over the modalities of paired digits."""

    kind: Literal["centroid"]
    mode: Mode = "end_to_end"
    """What is sent, and what decoders are trained on"""
    latent_dim: PositiveInt | dict[str, PositiveInt] = 16
    """Latent dimensions; one number for each modality is for the conventional mode"""
    temperature: PositiveFloat = 0.1
    """Temperature of the contrastive loss"""
    contrastive_weight: float = Field(1.0, ge=0)
    """Weight of the contrastive loss"""
    reconstruction_weight: PositiveFloat = 10.0
    """Weight of the reconstruction losses (lambda)"""
    loss_weights: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Weights of the modalities within the reconstruction losses; one where none is given"""
    modality_dropout: float = Field(0.0, ge=0, lt=1)
    """Probability with which each modality is missing at the transmitter in training"""

    @model_validator(mode="after")
    def _check_modes(self) -> "CentroidSettings":
        if isinstance(self.latent_dim, dict) and (
            self.mode != "conventional" or self.contrastive_weight > 0
        ):
            raise ValueError(
                "latent dimensions that differ between modalities need mode 'conventional' and "
                f"contrastive_weight 0. Received: mode={self.mode!r}, "
                f"contrastive_weight={self.contrastive_weight}"
            )
        if self.mode == "conventional" and self.modality_dropout > 0:
            raise ValueError("modality_dropout needs a mode that sends the centroid")
        return self

    def build(
        self,
        shapes: Mapping[str, Sequence[int]],
        link: Link,
        snr_db: float | tuple[float, float],
    ) -> CentroidSystem:
        """Build the system for samples of ``shapes``, over ``link``, trained at ``snr_db``."""
        options = self.model_dump(exclude={"kind", "latent_dim"})
        return CentroidSystem(modalities(shapes, self.latent_dim), link, snr_db=snr_db, **options)


class ClassifierSettings(Settings):
    """A :class:`Classifier` of one modality, which judges what other systems reconstruct."""

    kind: Literal["classifier"]
    modality: Literal["image", "audio"] = "image"
    """What it looks at"""

    def build(
        self,
        shapes: Mapping[str, Sequence[int]],
        link: Link,
        snr_db: float | tuple[float, float],
    ) -> Classifier:
        """Build the classifier; nothing of it crosses a link."""
        return Classifier(self.modality, shapes[self.modality], shapes["text"][0])


SystemSettings = Annotated[CentroidSettings | ClassifierSettings, Field(discriminator="kind")]
