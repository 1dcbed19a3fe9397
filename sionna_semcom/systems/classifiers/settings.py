# SPDX-License-Identifier: Apache-2.0
"""Settings from which classifiers are built."""

from typing import Literal

from pydantic import Field, PositiveInt

from ...datasets import Data
from ...link import Link
from ..base.settings import BaseSystemSettings
from .image import ImageClassifier, Network
from .judge import Classifier


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
