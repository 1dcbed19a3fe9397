# SPDX-License-Identifier: Apache-2.0
"""Readers of public data formats, built-in data, and tf.data pipelines."""

from __future__ import annotations

from .batches import drawn_batches, each_once, in_fixed_order
from .cifar10.cifar10 import CIFAR10, CIFAR10Data
from .data import Data
from .digits.digits import Digits
from .digits.log_mel import LogMel
from .digits.pairing import ClassPairs
from .digits.settings import BuiltinData, MNISTWithAudioMNIST, MNISTWithFSDD
from .digits.spoken_digits import (
    SpokenDigits,
    read_audiomnist,
    read_fsdd,
    split_by_recording,
    split_by_speaker,
)
from .features.computational_sequences import read_computational_sequences
from .features.generated import GENERATED_PARTS, generated_features, generated_parts
from .features.linear_gaussian import LinearGaussianFeatures, linear_gaussian_features
from .features.mmsa import read_mmsa
from .features.multibench import read_multibench
from .features.multimodal import MultimodalFeatures
from .features.reader import FEATURE_FORMATS, read_features, read_video_splits
from .features.settings import (
    FeaturesData,
    GeneratedFeaturesData,
    LinearGaussianFeaturesData,
    MOSIData,
)
from .features.split import FeatureSplit
from .formats.idx import read_idx, read_mnist
from .formats.restricted_pickle import read_pickle
from .formats.wav import read_wav
from .latent_data import SPLITS, LatentData
from .latents import LatentPairs, LatentsData, LatentSplit
from .pilots import PilotChoice
from .settings import DATASETS, DataSettings
from .trifeature.drawing import COLORS, SHAPES, TEXTURES, draw
from .trifeature.settings import TrifeatureData
from .trifeature.trifeature import Trifeature
from .user_latents import UserLatents, UserLatentsData, UserLatentSplit

__all__ = [
    "CIFAR10",
    "COLORS",
    "DATASETS",
    "FEATURE_FORMATS",
    "GENERATED_PARTS",
    "SHAPES",
    "SPLITS",
    "TEXTURES",
    "BuiltinData",
    "CIFAR10Data",
    "ClassPairs",
    "Data",
    "DataSettings",
    "Digits",
    "FeatureSplit",
    "FeaturesData",
    "GeneratedFeaturesData",
    "LatentData",
    "LatentPairs",
    "LatentSplit",
    "LatentsData",
    "LinearGaussianFeatures",
    "LinearGaussianFeaturesData",
    "LogMel",
    "MNISTWithAudioMNIST",
    "MNISTWithFSDD",
    "MOSIData",
    "MultimodalFeatures",
    "PilotChoice",
    "SpokenDigits",
    "Trifeature",
    "TrifeatureData",
    "UserLatentSplit",
    "UserLatents",
    "UserLatentsData",
    "draw",
    "drawn_batches",
    "each_once",
    "generated_features",
    "generated_parts",
    "in_fixed_order",
    "linear_gaussian_features",
    "read_audiomnist",
    "read_computational_sequences",
    "read_features",
    "read_fsdd",
    "read_idx",
    "read_mmsa",
    "read_mnist",
    "read_multibench",
    "read_pickle",
    "read_video_splits",
    "read_wav",
    "split_by_recording",
    "split_by_speaker",
]
