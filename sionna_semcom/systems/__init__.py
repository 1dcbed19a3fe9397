# SPDX-License-Identifier: Apache-2.0
"""Complete trainable semantic communication systems, one folder per system."""

from .alignment.many_users import ManyUserAlignmentSystem
from .alignment.many_users_settings import BroadcastAlignmentSettings, UplinkAlignmentSettings
from .alignment.settings import (
    FeatureAlignmentSettings,
    LinearAlignmentSettings,
    NeuralAlignmentSettings,
)
from .alignment.system import AlignmentSystem
from .alignment.translation import TranslationAlignmentSettings
from .base.devices import DeviceSettings
from .base.linked_model import LinkedModel
from .base.multimodal import MultimodalModel
from .base.pretraining import transfer_weights
from .base.settings import SYSTEMS, SystemSettings
from .baselines.digital import DigitalFeatures, DigitalFeaturesSettings
from .baselines.feature_transmission import FeatureTransmission, FeatureTransmissionSettings
from .baselines.t_deepsc import TDeepSC, TDeepSCSettings
from .centroid.settings import CentroidSettings, Mode
from .centroid.system import CentroidSystem
from .channel_estimation.system import ChannelEstimation, ChannelEstimationSettings
from .classifiers.image import ImageClassifier, ImageClassifierSettings
from .classifiers.judge import Classifier, ClassifierSettings
from .comm.compressed import CompressedCoMM, CompressedCoMMSettings
from .comm.settings import CoMMSettings
from .comm.system import CoMM
from .decision.system import DecisionSystem
from .export.onnx_graphs import export_onnx
from .images.base import ImageSystem
from .images.deep_jscc import DeepJSCC, DeepJSCCSettings
from .images.separate import SeparateImages, SeparateImagesSettings
from .vib.settings import TwoStageVIBSettings
from .vib.system import TwoStageVIB

__all__ = [
    "SYSTEMS",
    "AlignmentSystem",
    "BroadcastAlignmentSettings",
    "CentroidSettings",
    "CentroidSystem",
    "ChannelEstimation",
    "ChannelEstimationSettings",
    "Classifier",
    "ClassifierSettings",
    "CoMM",
    "CoMMSettings",
    "CompressedCoMM",
    "CompressedCoMMSettings",
    "DecisionSystem",
    "DeepJSCC",
    "DeepJSCCSettings",
    "DeviceSettings",
    "DigitalFeatures",
    "DigitalFeaturesSettings",
    "FeatureAlignmentSettings",
    "FeatureTransmission",
    "FeatureTransmissionSettings",
    "ImageClassifier",
    "ImageClassifierSettings",
    "ImageSystem",
    "LinearAlignmentSettings",
    "LinkedModel",
    "ManyUserAlignmentSystem",
    "Mode",
    "MultimodalModel",
    "NeuralAlignmentSettings",
    "SeparateImages",
    "SeparateImagesSettings",
    "SystemSettings",
    "TDeepSC",
    "TDeepSCSettings",
    "TranslationAlignmentSettings",
    "TwoStageVIB",
    "TwoStageVIBSettings",
    "UplinkAlignmentSettings",
    "export_onnx",
    "transfer_weights",
]
