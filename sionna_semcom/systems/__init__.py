# SPDX-License-Identifier: Apache-2.0
"""Complete trainable semantic communication systems, one file a system."""

from .alignment.settings import (
    FeatureAlignmentSettings,
    LinearAlignmentSettings,
    NeuralAlignmentSettings,
)
from .alignment.system import AlignmentSystem
from .base.pretraining import adopt
from .baselines.digital import DigitalFeatures
from .baselines.digital_settings import DigitalFeaturesSettings
from .baselines.feature_transmission import FeatureTransmission, FeatureTransmissionSettings
from .baselines.t_deepsc import TDeepSC
from .baselines.t_deepsc_settings import TDeepSCSettings
from .centroid.modes import Mode
from .centroid.settings import CentroidSettings
from .centroid.system import CentroidSystem
from .classifiers.image import ImageClassifier
from .classifiers.judge import Classifier
from .classifiers.settings import ClassifierSettings, ImageClassifierSettings
from .comm.compressed import CompressedCoMM
from .comm.settings import CoMMSettings, CompressedCoMMSettings
from .comm.system import CoMM
from .decision.system import TaskSystem
from .registry import SystemSettings
from .vib.settings import TwoStageVIBSettings
from .vib.system import TwoStageVIB

__all__ = [
    "AlignmentSystem",
    "CentroidSettings",
    "CentroidSystem",
    "Classifier",
    "ClassifierSettings",
    "CoMM",
    "CoMMSettings",
    "CompressedCoMM",
    "CompressedCoMMSettings",
    "DigitalFeatures",
    "DigitalFeaturesSettings",
    "FeatureAlignmentSettings",
    "FeatureTransmission",
    "FeatureTransmissionSettings",
    "ImageClassifier",
    "ImageClassifierSettings",
    "LinearAlignmentSettings",
    "Mode",
    "NeuralAlignmentSettings",
    "SystemSettings",
    "TDeepSC",
    "TDeepSCSettings",
    "TaskSystem",
    "TwoStageVIB",
    "TwoStageVIBSettings",
    "adopt",
]
