# SPDX-License-Identifier: Apache-2.0
"""Settings of the data sets that a study can name."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from .._settings import Settings
from ..datasets import CIFAR10, Digits, LatentPairs
from .extraction import extract_latents
from .training import ModelSettings

DATA_VARIABLE = "SIONNA_SEMCOM_DATA"
DIGITS = ("image", "audio", "text")
LATENTS = ("tx", "rx")


class BuiltinData(Settings):
    """Handwritten digits of scikit-learn and synthesised spoken digits; nothing to download."""

    modalities: ClassVar[tuple[str, ...]] = DIGITS

    kind: Literal["builtin"] = "builtin"

    def load(self) -> Digits:
        """Read the data."""
        return Digits()


class _FolderData(Settings):
    """Data that are read from a folder."""

    kind: str
    root: Path | None = None
    """Folder of the data; nothing (null) is what the variable SIONNA_SEMCOM_DATA names"""

    def folder(self) -> Path:
        """Folder of the data.

        Raises
        ------
        FileNotFoundError
            If none is given
        """
        root = self.root or os.environ.get(DATA_VARIABLE)
        if not root:
            raise FileNotFoundError(
                f"Data {self.kind!r} need a folder: set data.root or the variable {DATA_VARIABLE}"
            )
        return Path(root)


class _MNISTData(_FolderData):
    """Handwritten digits of MNIST with a set of recordings."""

    modalities: ClassVar[tuple[str, ...]] = DIGITS

    split: Literal["recording", "speaker"] = "recording"
    """If test recordings are of the speakers of training or of others"""

    def load(self) -> Digits:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing in it
        """
        return Digits(self.folder(), audio=self.kind.removeprefix("mnist_"), split=self.split)


class MNISTWithFSDD(_MNISTData):
    """Handwritten digits of MNIST and the Free Spoken Digit Dataset (8 kHz)."""

    kind: Literal["mnist_fsdd"]


class MNISTWithAudioMNIST(_MNISTData):
    """Handwritten digits of MNIST and the spoken digits of AudioMNIST (48 kHz)."""

    kind: Literal["mnist_audiomnist"]


class CIFAR10Data(_FolderData):
    """Colour images of ten classes (CIFAR-10), as JPEG files or as Python batches."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)

    kind: Literal["cifar10"]

    def load(self) -> CIFAR10:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing in it
        """
        return CIFAR10(self.folder())


def _encoder(network: str, latent_dim: int, **options: Any) -> ModelSettings:
    """A classifier whose encoder gives latents, and its training."""
    training = {"epochs": 16, "steps_per_epoch": 425, "batch_size": 100, "learning_rate": 2e-3}
    system = {"kind": "image_classifier", "network": network, "latent_dim": latent_dim, **options}
    return ModelSettings.model_validate({"system": system, "training": training})


class LatentsData(Settings):
    """Latents of any two networks, from an HDF5 file {train,val,test}/{tx,rx,label}."""

    modalities: ClassVar[tuple[str, ...]] = LATENTS

    kind: Literal["latents"]
    path: Path
    """The file"""

    def load(self) -> LatentPairs:
        """Read the file."""
        return LatentPairs.load(self.path)


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


DataSettings = Annotated[
    BuiltinData
    | MNISTWithFSDD
    | MNISTWithAudioMNIST
    | CIFAR10Data
    | LatentsData
    | CIFAR10Latents
    | DigitsLatents,
    Field(discriminator="kind"),
]
