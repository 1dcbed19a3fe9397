# SPDX-License-Identifier: Apache-2.0
"""Settings of the data sets that a study can name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..._parts import Settings
from ...datasets import CIFAR10, Digits, LatentPairs
from ...datasets.cifar10 import CIFAR10Data
from ...datasets.digits.settings import BuiltinData, MNISTWithAudioMNIST, MNISTWithFSDD
from ...datasets.features.settings import FeaturesData, GeneratedFeaturesData, MOSIData
from ...datasets.folder import _FolderData
from ...datasets.latents import LATENTS, LatentsData
from ...datasets.trifeature.settings import TrifeatureData
from ..training.settings import ModelSettings
from .extraction import extract_latents


def _encoder(network: str, latent_dim: int, **options: Any) -> ModelSettings:
    """A classifier whose encoder gives latents, and its training."""
    training = {"epochs": 16, "steps_per_epoch": 425, "batch_size": 100, "learning_rate": 2e-3}
    system = {"kind": "image_classifier", "network": network, "latent_dim": latent_dim, **options}
    return ModelSettings.model_validate({"system": system, "training": training})


class CIFAR10Latents(_FolderData):
    """Latents of a residual and a plain network that were trained apart on CIFAR-10."""

    needs_models: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = LATENTS

    kind: Literal["cifar10_latents"]
    transmitter: ModelSettings = _encoder("residual", 384, mirror=True)
    """The network of the transmitter"""
    receiver: ModelSettings = _encoder("plain", 768, mirror=True)
    """The network of the receiver"""

    def load(self, models_dirs: Sequence[Path] = (), work_dir: Path | None = None) -> LatentPairs:
        """Train both networks unless they are, and let them look at the same images."""
        networks = {"transmitter": self.transmitter, "receiver": self.receiver}
        return extract_latents("cifar10", CIFAR10(self.folder()), networks, models_dirs, work_dir)


class DigitsLatents(Settings):
    """Latents of two small networks that were trained apart on scikit-learn's digits."""

    needs_models: ClassVar[bool] = True
    modalities: ClassVar[tuple[str, ...]] = LATENTS

    kind: Literal["digits_latents"]
    transmitter: ModelSettings = _encoder("residual", 32, widths=[16, 32])
    """The network of the transmitter"""
    receiver: ModelSettings = _encoder("plain", 48, widths=[16, 32])
    """The network of the receiver"""

    def load(self, models_dirs: Sequence[Path] = (), work_dir: Path | None = None) -> LatentPairs:
        """Train both networks unless they are, and let them look at the same images."""
        networks = {"transmitter": self.transmitter, "receiver": self.receiver}
        return extract_latents("digits", Digits(), networks, models_dirs, work_dir)


def usual_modalities(settings: Any) -> tuple[str, ...]:
    """Modalities of a kind of data, unless a study leaves some out."""
    field = settings.model_fields.get("modalities")
    return tuple(field.default if field else settings.modalities)


DataSettings = Annotated[
    BuiltinData
    | MNISTWithFSDD
    | MNISTWithAudioMNIST
    | CIFAR10Data
    | LatentsData
    | CIFAR10Latents
    | DigitsLatents
    | FeaturesData
    | MOSIData
    | GeneratedFeaturesData
    | TrifeatureData,
    Field(discriminator="kind"),
]
