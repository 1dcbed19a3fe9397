# SPDX-License-Identifier: Apache-2.0
"""Readers of real formats, a built-in set, and tf.data pipelines."""

from __future__ import annotations

from .cifar10 import CIFAR10
from .data import Data
from .digits import Digits
from .idx import read_idx, read_mnist
from .latents import SPLITS, LatentPairs, LatentSplit
from .log_mel import LogMel
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
from .wav import read_wav

__all__ = [
    "CIFAR10",
    "SPLITS",
    "ClassPairs",
    "Data",
    "Digits",
    "LatentPairs",
    "LatentSplit",
    "LogMel",
    "PilotStatistics",
    "SpokenDigits",
    "read_audiomnist",
    "read_fsdd",
    "read_idx",
    "read_mnist",
    "read_pickle",
    "read_wav",
    "split_by_recording",
    "split_by_speaker",
]
