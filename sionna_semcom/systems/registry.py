# SPDX-License-Identifier: Apache-2.0
"""Settings from which systems are built."""

from typing import Annotated

from pydantic import Field

from .alignment.settings import (
    FeatureAlignmentSettings,
    LinearAlignmentSettings,
    NeuralAlignmentSettings,
)
from .baselines.digital_settings import DigitalFeaturesSettings
from .baselines.feature_transmission import FeatureTransmissionSettings
from .baselines.t_deepsc_settings import TDeepSCSettings
from .centroid.settings import CentroidSettings
from .classifiers.settings import ClassifierSettings, ImageClassifierSettings
from .comm.settings import CoMMSettings, CompressedCoMMSettings
from .vib.settings import TwoStageVIBSettings

SystemSettings = Annotated[
    CentroidSettings
    | ClassifierSettings
    | ImageClassifierSettings
    | LinearAlignmentSettings
    | FeatureAlignmentSettings
    | NeuralAlignmentSettings
    | TwoStageVIBSettings
    | TDeepSCSettings
    | DigitalFeaturesSettings
    | FeatureTransmissionSettings
    | CoMMSettings
    | CompressedCoMMSettings,
    Field(discriminator="kind"),
]
