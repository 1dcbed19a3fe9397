# SPDX-License-Identifier: Apache-2.0
"""Settings from which systems are built."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from ..datasets import Data
from ..link import Link
from ..semantics import modalities
from ..semantics.modality import METRICS
from .alignment_settings import (
    FeatureAlignmentSettings,
    LinearAlignmentSettings,
    NeuralAlignmentSettings,
)
from .base_settings import BaseSystemSettings
from .centroid import CentroidSystem
from .classifier import Classifier
from .comm_settings import CoMMSettings, CompressedCoMMSettings
from .digital_settings import DigitalFeaturesSettings, FeatureTransmissionSettings
from .image_classifier import ImageClassifier, Network
from .mode import Mode, check_mode
from .t_deepsc_settings import TDeepSCSettings
from .task_settings import TwoStageVIBSettings


class CentroidSettings(BaseSystemSettings):
    """A :class:`CentroidSystem` over the modalities of paired digits."""

    crosses = "link"
    modes = get_args(Mode)
    drops_modalities = True

    kind: Literal["centroid"]
    mode: Mode = "end_to_end"
    """What is sent, and what decoders are trained on"""
    latent_dim: PositiveInt | dict[str, PositiveInt] = 16
    """Latent dimensions; numbers that differ between modalities are for the conventional mode"""
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
        check_mode(self.mode, self.latent_dims, self.contrastive_weight, self.modality_dropout)
        return self

    @property
    def latent_dims(self) -> list[int]:
        """Latent dimensions of the modalities that have their own, or the one of all."""
        dims = self.latent_dim
        return list(dims.values()) if isinstance(dims, dict) else [dims]

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return tuple(self.latent_dim) if isinstance(self.latent_dim, dict) else ("image",)

    def can_start_from(self, other: BaseSystemSettings) -> bool:
        """Whether ``other`` is a CoMM of encoders of the same sizes."""
        encoders: Any = getattr(other, "encoders", None)
        return getattr(encoders, "kind", None) == self.kind and set(self.latent_dims) == {
            encoders.latent_dim
        }

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of what :meth:`CentroidSystem.measure` gives for ``modalities``."""
        figures = [f"{name}_{key}" for name in modalities for key in METRICS[name]]
        return figures + [f"{name}_recognised" for name in judges]

    def build(
        self,
        data: Data,
        link: Link,
        snr_db: float | tuple[float, float],
    ) -> CentroidSystem:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``."""
        options = self.model_dump(exclude={"kind", "latent_dim"})
        return CentroidSystem(
            modalities(data.shapes, self.latent_dim), link, snr_db=snr_db, **options
        )


class ClassifierSettings(BaseSystemSettings):
    """A :class:`Classifier` of one modality, which judges what other systems reconstruct."""

    kind: Literal["classifier"]
    modality: Literal["image", "audio"] = "image"
    """What it looks at"""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return (self.modality,)

    def build(
        self,
        data: Data,
        link: Link,
        snr_db: float | tuple[float, float],
    ) -> Classifier:
        """Build the classifier; nothing of it crosses a link."""
        return Classifier(self.modality, data.shapes[self.modality], data.num_classes)


class ImageClassifierSettings(BaseSystemSettings):
    """An :class:`ImageClassifier`, whose latents a transmitter sends or a receiver understands."""

    kind: Literal["image_classifier"]
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

    def build(
        self,
        data: Data,
        link: Link,
        snr_db: float | tuple[float, float],
    ) -> ImageClassifier:
        """Build the classifier; nothing of it crosses a link."""
        return ImageClassifier(
            self.network,
            data.shapes["image"],
            self.latent_dim,
            data.num_classes,
            self.widths,
            self.label_smoothing,
            self.mirror,
        )


SystemSettings = Annotated[
    CentroidSettings
    | ClassifierSettings
    | ImageClassifierSettings
    | LinearAlignmentSettings
    | FeatureAlignmentSettings
    | NeuralAlignmentSettings
    | TwoStageVIBSettings
    | TDeepSCSettings
    | DigitalFeaturesSettings
    | FeatureTransmissionSettings
    | CoMMSettings
    | CompressedCoMMSettings,
    Field(discriminator="kind"),
]
