# SPDX-License-Identifier: Apache-2.0
"""Settings of digits: images, recordings and words."""

from typing import Any, Literal

from pydantic import Field, model_validator

from ..folder import FolderData
from ..settings import DATASETS, DataSettings
from .digits import MODALITIES, Digit, Digits, check_names


class _SomeDigits(DataSettings):
    """Digits with selectable modalities."""

    modalities: tuple[Digit, ...] = Field(MODALITIES, min_length=1)
    """Selected modalities"""

    @model_validator(mode="after")
    def _check_names(self) -> "_SomeDigits":
        check_names(self.modalities, (), has_speakers=False)
        return self


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
    further_labels: tuple[Literal["slant", "speaker"], ...] = ()
    """Labels for probes in addition to the digit: the quartile of the slant of an image among
    training images of its digit, and the speaker of a recording"""

    @model_validator(mode="after")
    def _check_names(self) -> "_MNISTData":
        check_names(self.modalities, self.further_labels, self.split == "recording")
        return self

    def load(self, models: Any = None) -> Digits:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing
        """
        return Digits(
            self.folder(),
            audio=self.kind.removeprefix("mnist_"),
            split=self.split,
            modalities=self.modalities,
            further_labels=self.further_labels,
        )


@DATASETS.declare
class MNISTWithFSDD(_MNISTData):
    """Handwritten digits of MNIST and the Free Spoken Digit Dataset (8 kHz)."""

    kind: Literal["mnist_fsdd"] = "mnist_fsdd"


@DATASETS.declare
class MNISTWithAudioMNIST(_MNISTData):
    """Handwritten digits of MNIST and the spoken digits of AudioMNIST (48 kHz)."""

    kind: Literal["mnist_audiomnist"] = "mnist_audiomnist"
