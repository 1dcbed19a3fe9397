# SPDX-License-Identifier: Apache-2.0
"""Readers of real formats, a built-in set, and tf.data pipelines."""

from __future__ import annotations

from .digits import Digits
from .idx import read_idx, read_mnist
from .log_mel import LogMel
from .pairing import ClassPairs
from .spoken_digits import (
    SpokenDigits,
    read_audiomnist,
    read_fsdd,
    split_by_recording,
    split_by_speaker,
)
from .wav import read_wav

__all__ = [
    "ClassPairs",
    "Digits",
    "LogMel",
    "SpokenDigits",
    "read_audiomnist",
    "read_fsdd",
    "read_idx",
    "read_mnist",
    "read_wav",
    "split_by_recording",
    "split_by_speaker",
]
