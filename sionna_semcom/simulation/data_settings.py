# SPDX-License-Identifier: Apache-2.0
"""Settings of the data sets that a study can name."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from .._settings import Settings
from ..datasets import (
    CIFAR10,
    Digits,
    LatentPairs,
    MultimodalFeatures,
    Trifeature,
    generated_features,
)
from .extraction import extract_latents
from .training import ModelSettings

DATA_VARIABLE = "SIONNA_SEMCOM_DATA"
DIGITS = ("image", "audio", "text")
LATENTS = ("tx", "rx")
FEATURES = ("text", "audio", "vision")


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


class _SomeModalities(Settings):
    """Data of which a study can leave out a modality."""

    has_features: ClassVar[bool] = True
    modalities: tuple[str, ...] = Field(FEATURES, min_length=1)
    """Modalities that are used"""

    @field_validator("modalities")
    @classmethod
    def _check_modalities(cls, modalities: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(modalities)) < len(modalities):
            raise ValueError(f"modalities must differ. Received: {', '.join(modalities)}")
        return modalities


class FeaturesData(_SomeModalities):
    """Features of several modalities from an HDF5 file, as sionna-semcom convert writes it."""

    kind: Literal["features"]
    path: Path
    """The file"""
    label: Literal["regression", "classification"] | None = None
    """Which label; nothing (null) is what the file has, and the scores where it has both"""
    holdout: float = Field(0.0, ge=0, lt=1)
    """Share of the training videos that is kept for validation if the file has no such split"""

    def load(self) -> MultimodalFeatures:
        """Read the file.

        Raises
        ------
        FileNotFoundError
            If there is no such file
        """
        return MultimodalFeatures.load(
            self.path, modalities=self.modalities, label=self.label, holdout=self.holdout
        )


class MOSIData(_FolderData, _SomeModalities):
    """Sentiment in videos (CMU-MOSI): features of words, voice and face, negative or positive."""

    kind: Literal["mosi"]
    holdout: float = Field(0.0, ge=0, lt=1)
    """Share of the training videos that is kept for validation"""
    development: float = Field(0.0, ge=0, lt=1)
    """Share of the test videos that is kept for validation instead: features of the words were
    made by a network that had seen the labels of training, which therefore cannot tell what
    generalises"""

    def load(self) -> MultimodalFeatures:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or the file is missing in it
        """
        return MultimodalFeatures.load(
            self.folder() / "mosi" / "mosi_utterance.h5",
            modalities=self.modalities,
            label="classification",
            holdout=self.holdout,
            development=self.development,
        )


class GeneratedFeaturesData(_SomeModalities):
    """Features with known redundant, unique and synergistic parts; nothing to download."""

    kind: Literal["generated_features"]
    num_train: PositiveInt = 4000
    """Training samples"""
    num_validation: PositiveInt = 1000
    """Validation samples"""
    num_test: PositiveInt = 2000
    """Test samples"""
    noise: float = Field(0.3, ge=0, allow_inf_nan=False)
    """Standard deviation of the noise on features, which have unit variance without it"""
    seed: NonNegativeInt = 0
    """Seed of the data"""

    def load(self) -> MultimodalFeatures:
        """Generate the data."""
        return generated_features(**self.model_dump(exclude={"kind"}))


class TrifeatureData(Settings):
    """Pairs of pictures with redundant, unique and synergistic parts; nothing to download."""

    modalities: ClassVar[tuple[str, ...]] = ("image_1", "image_2")

    kind: Literal["trifeature"]
    question: Literal["unique", "synergy"] = "unique"
    """Which of the two sets: what is redundant and unique, or what is synergistic"""
    size: PositiveInt = 32
    """Pixels of a side"""
    num_train: PositiveInt = 10_000
    """Training pairs"""
    num_probing: PositiveInt = 10_000
    """Pairs on which probes of synergy are trained"""
    num_validation: PositiveInt = 2_000
    """Validation pairs"""
    num_test: PositiveInt = 4_096
    """Test pairs"""
    seed: NonNegativeInt = 0
    """Seed of the data"""
    cache: Path | None = None
    """Folder that keeps the pictures; nothing (null) is sionna_semcom in the folder for caches of
    the user (XDG_CACHE_HOME, or ~/.cache)"""

    def load(self) -> Trifeature:
        """Draw the pictures, or read those that were drawn before."""
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sionna_semcom"
        options = self.model_dump(exclude={"kind", "cache"})
        return Trifeature(**options, cache=self.cache or usual)


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
