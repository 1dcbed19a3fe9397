# SPDX-License-Identifier: Apache-2.0
"""Settings of multimodal features."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from ..folder import FolderData
from ..settings import DATASETS, DataSettings
from .generated import generated_features
from .linear_gaussian import LinearGaussianFeatures, check_dims, linear_gaussian_features
from .multimodal import MultimodalFeatures
from .split import MODALITIES


class _SomeModalities(DataSettings):
    """Data with selectable modalities."""

    has_features: ClassVar[bool] = True
    modalities: tuple[str, ...] = Field(MODALITIES, min_length=1)
    """Selected modalities"""

    @field_validator("modalities")
    @classmethod
    def _check_modalities(cls, modalities: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(modalities)) < len(modalities):
            raise ValueError(f"modalities must differ. Received: {', '.join(modalities)}")
        return modalities


@DATASETS.declare
class FeaturesData(_SomeModalities):
    """Features of several modalities from an HDF5 file of sionna-semcom convert."""

    kind: Literal["features"] = "features"
    path: Path
    """Path of the file"""
    label: Literal["regression", "classification"] | None = None
    """Type of labels; if null, the labels of the file, or scores if it contains both"""
    holdout: float = Field(0.0, ge=0, lt=1)
    """Fraction of the training videos for validation if the file has no validation split"""

    def load(self, models: Any = None) -> MultimodalFeatures:
        """Read the file.

        Raises
        ------
        FileNotFoundError
            If the file does not exist
        """
        return MultimodalFeatures.load(
            self.path, modalities=self.modalities, label=self.label, holdout=self.holdout
        )


@DATASETS.declare
class MOSIData(FolderData, _SomeModalities):
    """Sentiment in videos (CMU-MOSI): features of words, voice and face, classes or scores."""

    kind: Literal["mosi"] = "mosi"
    label: Literal["classification", "regression"] = "classification"
    """Negative or positive sentiment, or its score in [-3, 3]"""
    holdout: float = Field(0.0, ge=0, lt=1)
    """Fraction of the training videos for validation"""
    development: float = Field(0.0, ge=0, lt=1)
    """Fraction of the test videos for validation instead. Training videos cannot be used for this,
    because the features of the words come from a network that was trained with their labels"""

    def load(self, models: Any = None) -> MultimodalFeatures:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or the file is missing
        """
        name = "mosi_scores.h5" if self.label == "regression" else "mosi_utterance.h5"
        return MultimodalFeatures.load(
            self.folder() / "mosi" / name,
            modalities=self.modalities,
            label=self.label,
            holdout=self.holdout,
            development=self.development,
        )


@DATASETS.declare
class GeneratedFeaturesData(_SomeModalities):
    """Generated features with known redundant, unique and synergistic parts."""

    kind: Literal["generated_features"] = "generated_features"
    num_train: PositiveInt = 4000
    """Number of training samples"""
    num_validation: PositiveInt = 1000
    """Number of validation samples"""
    num_test: PositiveInt = 2000
    """Number of test samples"""
    noise: float = Field(0.3, ge=0, allow_inf_nan=False)
    """Standard deviation of the noise; noiseless features have unit variance"""
    seed: NonNegativeInt = 0
    """Seed of the data"""

    def load(self, models: Any = None) -> MultimodalFeatures:
        """Generate the data."""
        return generated_features(**self.options)


@DATASETS.declare
class LinearGaussianFeaturesData(_SomeModalities):
    """Features that are linear in Gaussian components, with a chosen amount of redundancy."""

    kind: Literal["linear_gaussian_features"] = "linear_gaussian_features"
    num_train: PositiveInt = 4000
    """Number of training samples"""
    num_validation: PositiveInt = 1000
    """Number of validation samples"""
    num_test: PositiveInt = 2000
    """Number of test samples"""
    shared_dim: NonNegativeInt = 1
    """Number of components of the task in all modalities"""
    pairwise_dim: NonNegativeInt = 0
    """Number of components of the task in both modalities of each pair"""
    unique_dim: NonNegativeInt = 1
    """Number of components of the task in each modality alone"""
    nuisance_dim: NonNegativeInt = 4
    """Number of other components in each modality alone"""
    shared_nuisance_dim: NonNegativeInt = 0
    """Number of other components in all modalities"""
    num_features: PositiveInt = 16
    """Number of features of each modality"""
    noise: float = Field(0.5, ge=0, allow_inf_nan=False)
    """Standard deviation of the noise of each component, which has unit variance"""
    label: Literal["classification", "regression"] = "classification"
    """Signs of all components of the task, or their sum as a score in [-3, 3]"""
    seed: NonNegativeInt = 0
    """Seed of the data"""

    @model_validator(mode="after")
    def _check_dims(self) -> "LinearGaussianFeaturesData":
        check_dims(
            self.shared_dim,
            self.pairwise_dim,
            self.unique_dim,
            self.nuisance_dim,
            self.shared_nuisance_dim,
            self.num_features,
            self.label,
        )
        return self

    def load(self, models: Any = None) -> LinearGaussianFeatures:
        """Generate the data."""
        return linear_gaussian_features(**self.options)
