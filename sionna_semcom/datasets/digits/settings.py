# SPDX-License-Identifier: Apache-2.0
"""Settings of digits: images, recordings and words."""

from typing import Any, Literal

from pydantic import Field, field_validator

from ..folder import FolderData
from ..settings import DATASETS, DataSettings, check_differ
from .digits import DIGITS, Digit, Digits


class _SomeDigits(DataSettings):
    """Digits with selectable modalities."""

    modalities: tuple[Digit, ...] = Field(DIGITS, min_length=1)
    """Selected modalities"""

    @field_validator("modalities")
    @classmethod
    def _check_modalities(cls, modalities: tuple[str, ...]) -> tuple[str, ...]:
        check_differ(modalities)
        return modalities


@DATASETS.declare
class BuiltinData(_SomeDigits):
    """Handwritten digits of scikit-learn and synthesized spoken digits, without download."""

    kind: Literal["builtin"] = "builtin"

    def load(self, models: Any = None) -> Digits:
        """Read the data."""
        return Digits(modalities=self.modalities)


class _MNISTData(FolderData, _SomeDigits):
    """Handwritten digits of MNIST with a set of recordings."""

    split: Literal["recording", "speaker"] = "recording"
    """Whether test recordings are from the training speakers (recording) or others (speaker)"""

    def load(self, models: Any = None) -> Digits:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing
        """
        audio = self.kind.removeprefix("mnist_")
        return Digits(self.folder(), audio=audio, split=self.split, modalities=self.modalities)


@DATASETS.declare
class MNISTWithFSDD(_MNISTData):
    """Handwritten digits of MNIST and the Free Spoken Digit Dataset (8 kHz)."""

    kind: Literal["mnist_fsdd"] = "mnist_fsdd"


@DATASETS.declare
class MNISTWithAudioMNIST(_MNISTData):
    """Handwritten digits of MNIST and the spoken digits of AudioMNIST (48 kHz)."""

    kind: Literal["mnist_audiomnist"] = "mnist_audiomnist"
