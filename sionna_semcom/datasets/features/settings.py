# SPDX-License-Identifier: Apache-2.0
"""Settings of multimodal features."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from ..folder import FolderData
from ..settings import DATASETS, DataSettings
from .generated import generated_features
from .multimodal import MultimodalFeatures
from .split import MODALITIES


class _SomeModalities(DataSettings):
    """Data of which a study can leave out a modality."""

    has_features: ClassVar[bool] = True
    modalities: tuple[str, ...] = Field(MODALITIES, min_length=1)
    """Modalities that are used"""

    @field_validator("modalities")
    @classmethod
    def _check_modalities(cls, modalities: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(modalities)) < len(modalities):
            raise ValueError(f"modalities must differ. Received: {', '.join(modalities)}")
        return modalities


@DATASETS.declare
class FeaturesData(_SomeModalities):
    """Features of several modalities from an HDF5 file, as sionna-semcom convert writes it."""

    kind: Literal["features"] = "features"
    path: Path
    """The file"""
    label: Literal["regression", "classification"] | None = None
    """Which label; nothing (null) is what the file has, and the scores where it has both"""
    holdout: float = Field(0.0, ge=0, lt=1)
    """Share of the training videos that is kept for validation if the file has no such split"""

    def load(self, models: Any = None) -> MultimodalFeatures:
        """Read the file.

        Raises
        ------
        FileNotFoundError
            If there is no such file
        """
        return MultimodalFeatures.load(
            self.path, modalities=self.modalities, label=self.label, holdout=self.holdout
        )


@DATASETS.declare
class MOSIData(FolderData, _SomeModalities):
    """Sentiment in videos (CMU-MOSI): features of words, voice and face, negative or positive."""

    kind: Literal["mosi"] = "mosi"
    holdout: float = Field(0.0, ge=0, lt=1)
    """Share of the training videos that is kept for validation"""
    development: float = Field(0.0, ge=0, lt=1)
    """Share of the test videos that is kept for validation instead: features of the words were
    made by a network that had seen the labels of training, which therefore cannot tell what
    generalizes"""

    def load(self, models: Any = None) -> MultimodalFeatures:
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


@DATASETS.declare
class GeneratedFeaturesData(_SomeModalities):
    """Features with known redundant, unique and synergistic parts; nothing to download."""

    kind: Literal["generated_features"] = "generated_features"
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

    def load(self, models: Any = None) -> MultimodalFeatures:
        """Generate the data."""
        return generated_features(**self.model_dump(exclude={"kind"}))
