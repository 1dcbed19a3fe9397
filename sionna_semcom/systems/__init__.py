# SPDX-License-Identifier: Apache-2.0
"""Complete trainable semantic communication systems, one file a system."""

from .alignment import AlignmentSystem
from .alignment_settings import (
    FeatureAlignmentSettings,
    LinearAlignmentSettings,
    NeuralAlignmentSettings,
)
from .centroid import CentroidSystem
from .classifier import Classifier
from .comm import CoMM
from .comm_settings import CoMMSettings, CompressedCoMMSettings
from .compressed_comm import CompressedCoMM
from .digital import DigitalFeatures
from .digital_settings import DigitalFeaturesSettings, FeatureTransmissionSettings
from .feature_transmission import FeatureTransmission
from .image_classifier import ImageClassifier
from .mode import Mode
from .pretraining import adopt
from .settings import (
    CentroidSettings,
    ClassifierSettings,
    ImageClassifierSettings,
    SystemSettings,
)
from .t_deepsc import TDeepSC
from .t_deepsc_settings import TDeepSCSettings
from .task_settings import TwoStageVIBSettings
from .task_system import TaskSystem
from .two_stage_vib import TwoStageVIB

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
