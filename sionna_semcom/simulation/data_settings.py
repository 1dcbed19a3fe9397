# SPDX-License-Identifier: Apache-2.0
"""Settings of the data sets that a study can name."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from .._settings import Settings
from ..datasets import Digits

DATA_VARIABLE = "SIONNA_SEMCOM_DATA"


class BuiltinData(Settings):
    """Handwritten digits of scikit-learn and synthesised spoken digits; nothing to download."""

    kind: Literal["builtin"] = "builtin"

    def load(self) -> Digits:
        """Read the data."""
        return Digits()


class _FolderData(Settings):
    """Handwritten digits of MNIST with a set of recordings, read from a folder."""

    kind: str
    root: Path | None = None
    """Folder of the data; nothing (null) is what the variable SIONNA_SEMCOM_DATA names"""
    split: Literal["recording", "speaker"] = "recording"
    """If test recordings are of the speakers of training or of others"""

    def load(self) -> Digits:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing in it
        """
        root = self.root or os.environ.get(DATA_VARIABLE)
        if not root:
            raise FileNotFoundError(
                f"Data {self.kind!r} need a folder: set data.root or the variable {DATA_VARIABLE}"
            )
        return Digits(root, audio=self.kind.removeprefix("mnist_"), split=self.split)


class MNISTWithFSDD(_FolderData):
    """Handwritten digits of MNIST and the Free Spoken Digit Dataset (8 kHz)."""

    kind: Literal["mnist_fsdd"]


class MNISTWithAudioMNIST(_FolderData):
    """Handwritten digits of MNIST and the spoken digits of AudioMNIST (48 kHz)."""

    kind: Literal["mnist_audiomnist"]


DataSettings = Annotated[
    BuiltinData | MNISTWithFSDD | MNISTWithAudioMNIST, Field(discriminator="kind")
]
