# SPDX-License-Identifier: Apache-2.0
"""Readers of real formats, a built-in set, and tf.data pipelines."""

from __future__ import annotations

from .cifar10 import CIFAR10
from .computational_sequences import read_computational_sequences
from .data import Data
from .digits import Digits
from .drawing import COLOURS, SHAPES, TEXTURES, draw
from .feature_formats import FEATURE_FORMATS, read_features, read_video_splits
from .feature_split import FeatureSplit
from .features import MultimodalFeatures
from .generated_features import GENERATED_PARTS, generated_features, generated_parts
from .idx import read_idx, read_mnist
from .latents import SPLITS, LatentPairs, LatentSplit
from .log_mel import LogMel
from .mmsa import read_mmsa
from .multibench import read_multibench
from .pairing import ClassPairs
from .pilot_statistics import PilotStatistics
from .restricted_pickle import read_pickle
from .spoken_digits import (
    SpokenDigits,
    read_audiomnist,
    read_fsdd,
    split_by_recording,
    split_by_speaker,
)
from .trifeature import Trifeature
from .wav import read_wav

__all__ = [
    "CIFAR10",
    "COLOURS",
    "FEATURE_FORMATS",
    "GENERATED_PARTS",
    "SHAPES",
    "SPLITS",
    "TEXTURES",
    "ClassPairs",
    "Data",
    "Digits",
    "FeatureSplit",
    "LatentPairs",
    "LatentSplit",
    "LogMel",
    "MultimodalFeatures",
    "PilotStatistics",
    "SpokenDigits",
    "Trifeature",
    "draw",
    "generated_features",
    "generated_parts",
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
