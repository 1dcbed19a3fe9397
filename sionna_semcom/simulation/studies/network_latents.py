# SPDX-License-Identifier: Apache-2.0
"""Data sets of latents of trained networks."""

from typing import Any, ClassVar, Literal

from ...datasets import CIFAR10, Digits, LatentPairs
from ...datasets.folder import FolderData
from ...datasets.latents import LATENTS
from ...datasets.settings import DATASETS, DataSettings
from ..training.settings import ModelSettings
from ..training.store import ModelStore
from .extraction import extract_latents


def _encoder(network: str, latent_dim: int, **options: Any) -> ModelSettings:
    """Settings of a classifier whose encoder outputs the latents, and of its training."""
    training = {"epochs": 16, "steps_per_epoch": 425, "batch_size": 100, "learning_rate": 2e-3}
    system = {"kind": "image_classifier", "network": network, "latent_dim": latent_dim, **options}
    return ModelSettings.model_validate({"system": system, "training": training})


@DATASETS.declare
class CIFAR10Latents(FolderData):
    """Latents of a residual and a plain network that were trained separately on CIFAR-10."""

    modalities: ClassVar[tuple[str, ...]] = LATENTS

    kind: Literal["cifar10_latents"] = "cifar10_latents"
    transmitter: ModelSettings = _encoder("residual", 384, mirror=True)
    """The network of the transmitter"""
    receiver: ModelSettings = _encoder("plain", 768, mirror=True)
    """The network of the receiver"""

    def load(self, models: ModelStore | None = None) -> LatentPairs:
        """Latents of the same images by both networks, which are trained if necessary."""
        networks = {"transmitter": self.transmitter, "receiver": self.receiver}
        return extract_latents("cifar10", CIFAR10(self.folder()), networks, models)


@DATASETS.declare
class DigitsLatents(DataSettings):
    """Latents of two small networks that were trained separately on scikit-learn's digits."""

    modalities: ClassVar[tuple[str, ...]] = LATENTS

    kind: Literal["digits_latents"] = "digits_latents"
    transmitter: ModelSettings = _encoder("residual", 32, widths=[16, 32])
    """The network of the transmitter"""
    receiver: ModelSettings = _encoder("plain", 48, widths=[16, 32])
    """The network of the receiver"""

    def load(self, models: ModelStore | None = None) -> LatentPairs:
        """Latents of the same images by both networks, which are trained if necessary."""
        networks = {"transmitter": self.transmitter, "receiver": self.receiver}
        return extract_latents("digits", Digits(), networks, models)
