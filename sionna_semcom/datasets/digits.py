# SPDX-License-Identifier: Apache-2.0
"""Handwritten, spoken and written digits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf

from .._files import sha256
from .idx import mnist_files, read_mnist
from .log_mel import LogMel
from .pairing import ClassPairs
from .spoken_digits import SPLITS, SpokenDigits, clip_files, read_audiomnist, read_fsdd

_READERS = {"fsdd": read_fsdd, "audiomnist": read_audiomnist}

LabelledImages = tuple[np.ndarray, np.ndarray]


class Digits:
    """Images, spectrograms and words of the digits 0 to 9, paired by class.

    Three splits share no image and no recording: training, validation (for tuning), and test.

    Parameters
    ----------
    root : `str` or `PathLike`
        Folder that holds ``mnist/`` (the four gzipped IDX files) and ``fsdd/`` or ``audiomnist/``
        (WAV files, at any depth)

    audio : "fsdd" | "audiomnist"
        Which recordings

    split : "recording" | "speaker"
        Whether the splits share speakers; see `split_by_recording` and `split_by_speaker`

    log_mel : `LogMel`
        Spectrogram (defaults: `LogMel.speech_8khz()` for FSDD, `LogMel()` for AudioMNIST)

    Raises
    ------
    FileNotFoundError
        If a file or folder is missing
    ValueError
        If a file is damaged, a split lacks a class, or an argument is none of the above
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        audio: str = "fsdd",
        split: str = "recording",
        log_mel: LogMel | None = None,
    ) -> None:
        if audio not in _READERS:
            raise ValueError(f"`audio` must be one of {list(_READERS)}. Received: {audio!r}")
        if split not in SPLITS:
            raise ValueError(f"`split` must be one of {list(SPLITS)}. Received: {split!r}")
        root = Path(root)
        images = _mnist_splits(root / "mnist")
        clips = SPLITS[split](_READERS[audio](root / audio, log_mel))
        self._pairs = _pair(images, clips)
        files = [*mnist_files(root / "mnist", "train"), *mnist_files(root / "mnist", "test")]
        self._sources: dict[str, Sequence[Path]] = {path.name: [path] for path in files}
        self._sources[audio] = clip_files(root / audio)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality, ``{"image": (28, 28, 1), ...}``."""
        return self._pairs["train"].shapes

    @cached_property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of what was read; of a folder, over its WAV files in the order of their paths."""
        return {name: sha256(*paths) for name, paths in self._sources.items()}

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0, start: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn at random with replacement; see `ClassPairs` for their form.

        The classes take turns, so any ``n`` consecutive samples that are a multiple of ten hold
        each class equally often, and a batch of ten holds each once; within a batch their order is
        random. What is drawn depends on ``seed`` and the number of the step alone. A second pass
        over the returned data set goes on with the steps after the first.

        Parameters
        ----------
        batch_size : `int`
            Samples a batch

        steps : `int`
            Batches a pass; by default as many as the images fill

        seed : `int`
            Seed of the draws

        start : `int`
            Number of the first step, to go on where a training was interrupted
        """
        return self._pairs["train"].draws(batch_size, steps, seed, start)

    def validation(self, batch_size: int = 100, seed: int = 0) -> tf.data.Dataset:
        """Every validation image once; otherwise as `test`."""
        return self._pairs["validation"].each(batch_size, seed)

    def test(self, batch_size: int = 100, seed: int = 0) -> tf.data.Dataset:
        """Every test image once, each with a test recording of its class drawn by ``seed``.

        The last batch holds what is left.
        """
        return self._pairs["test"].each(batch_size, seed)


def _mnist_splits(folder: Path) -> dict[str, LabelledImages]:
    images, labels = read_mnist(folder, "train")
    held = len(images) // 12  # the last 5,000 of MNIST's 60,000
    return {
        "train": (images[:-held], labels[:-held]),
        "validation": (images[-held:], labels[-held:]),
        "test": read_mnist(folder, "test"),
    }


def _pair(
    images: dict[str, LabelledImages], clips: dict[str, SpokenDigits]
) -> dict[str, ClassPairs]:
    return {
        name: ClassPairs(*images[name], clips[name].spectrograms, clips[name].labels)
        for name in images
    }
