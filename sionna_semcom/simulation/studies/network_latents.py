# SPDX-License-Identifier: Apache-2.0
"""Data sets of latents of trained networks."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from ...datasets import CIFAR10, Digits, LatentPairs, UserLatents
from ...datasets.folder import FolderData
from ...datasets.latents import LATENTS
from ...datasets.settings import DATASETS, DataSettings
from ...datasets.user_latents import USER_LATENTS
from ..training.settings import ModelSettings
from ..training.store import ModelStore
from .extraction import extract_latents
from .user_extraction import extract_user_latents


def _encoder(
    network: str, latent_dim: int, epochs: int = 16, steps: int = 425, **options: Any
) -> ModelSettings:
    """Settings of a classifier whose encoder outputs the latents, and of its training."""
    training = {
        "epochs": epochs,
        "steps_per_epoch": steps,
        "batch_size": 100,
        "learning_rate": 2e-3,
    }
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


def _users(**networks: ModelSettings) -> Any:
    return Field(default_factory=lambda: dict(networks))


def _small_cifar10(network: str, latent_dim: int, *widths: int) -> ModelSettings:
    return _encoder(network, latent_dim, epochs=5, widths=widths, mirror=True)


def _small_digits(network: str, latent_dim: int, *widths: int) -> ModelSettings:
    return _encoder(network, latent_dim, epochs=4, steps=200, widths=widths)


@DATASETS.declare
class CIFAR10UserLatents(FolderData):
    """Latents of networks of a station and of its users, trained separately on CIFAR-10."""

    modalities: ClassVar[tuple[str, ...]] = USER_LATENTS

    kind: Literal["cifar10_user_latents"] = "cifar10_user_latents"
    station: ModelSettings = _encoder("residual", 384, mirror=True)
    """The network of the station, the model `cifar10_transmitter`"""
    users: dict[str, ModelSettings] = _users(
        receiver=_encoder("plain", 768, mirror=True),
        user_2=_small_cifar10("residual", 64, 16, 32, 64),
        user_3=_small_cifar10("plain", 96, 16, 32, 64),
        user_4=_small_cifar10("residual", 128, 20, 40, 80),
        user_5=_small_cifar10("plain", 48, 24, 48),
        user_6=_small_cifar10("residual", 32, 12, 24, 48),
    )
    """The networks of users by name; the model of `user_2` is `cifar10_user_2`"""
    others: Path | None = None
    """File of latents of two further networks for the same images, in the format of `latents` and
    relative to the folder of the data. They are the second and the third user"""
    others_seed: int | None = None
    """Seed of `numpy.random.default_rng` with which others split the images for training and
    validation, sorted by class and name; null if the file has the split of this package"""

    def load(self, models: ModelStore | None = None) -> UserLatents:
        """Train the networks unless they are, and let them look at the same images."""
        folder = self.folder()
        networks = {"transmitter": self.station, **self.users}
        others = None if self.others is None else folder / self.others
        images, seed = CIFAR10(folder), self.others_seed
        return extract_user_latents("cifar10", images, networks, models, others, seed)


@DATASETS.declare
class DigitsUserLatents(DataSettings):
    """Latents of small networks of a station and of its users, trained on scikit-learn's digits."""

    modalities: ClassVar[tuple[str, ...]] = USER_LATENTS

    kind: Literal["digits_user_latents"] = "digits_user_latents"
    station: ModelSettings = _encoder("residual", 32, widths=[16, 32])
    """The network of the station, the model `digits_transmitter`"""
    users: dict[str, ModelSettings] = _users(
        receiver=_encoder("plain", 48, widths=[16, 32]),
        user_2=_small_digits("residual", 24, 8, 16),
        user_3=_small_digits("plain", 16, 8, 16),
        user_4=_small_digits("plain", 40, 12, 24),
    )
    """The networks of users by name; the model of `user_2` is `digits_user_2`"""

    def load(self, models: ModelStore | None = None) -> UserLatents:
        """Train the networks unless they are, and let them look at the same images."""
        networks = {"transmitter": self.station, **self.users}
        return extract_user_latents("digits", Digits(), networks, models)
