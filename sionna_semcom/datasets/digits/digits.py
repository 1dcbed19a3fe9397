# SPDX-License-Identifier: Apache-2.0
"""Handwritten, spoken and written digits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from ..._files import sha256
from ..._messages import listed
from ..batches import plain
from ..data import Data
from ..formats.idx import mnist_files, read_mnist
from ..presence import check_present
from .builtin import HANDWRITTEN_DIGITS, SPOKEN_DIGITS, read_handwritten, read_spoken
from .log_mel import LogMel
from .pairing import ClassPairs
from .slant import NUM_SLANTS, slant_quartiles
from .spoken_digits import SPLITS, SpokenDigits, clip_files, read_audiomnist, read_fsdd

Digit = Literal["image", "audio", "text"]
MODALITIES: tuple[Digit, ...] = ("image", "audio", "text")
FURTHER_LABELS = ("slant", "speaker")
_NUM_PROBING = 5000
_READERS = {"fsdd": read_fsdd, "audiomnist": read_audiomnist}

LabeledImages = tuple[np.ndarray, np.ndarray]


class Digits(Data):
    """Images, spectrograms and words of the digits 0 to 9, paired by class.

    The splits for training, validation and test have no common images or recordings. Without
    ``root``, the built-in data are used, which require no download: the handwritten digits of
    scikit-learn (8 x 8 pixels), and spoken digits that were synthesized in 48 voices (64 mel bands
    x 32 frames). 8 voices are used for the test and 4 for validation.

    Parameters
    ----------
    root : `str` or `PathLike`
        Folder with ``mnist/`` (four gzipped IDX files) and ``fsdd/`` or ``audiomnist/`` (WAV files,
        at any depth)
    audio : "fsdd" | "audiomnist"
        Set of recordings below ``root``
    split : "recording" | "speaker"
        Whether the splits below ``root`` share speakers, see `split_by_recording` and
        `split_by_speaker`
    log_mel : `LogMel`
        Spectrogram (defaults: `LogMel.speech_8khz()` for FSDD, `LogMel()` for AudioMNIST)
    modalities : sequence of "image" | "audio" | "text"
        Modalities of a sample. All modalities are read; the order of images does not depend on it
    further_labels : sequence of "slant" | "speaker"
        Labels of a batch in addition to ``label``, with information in one modality only: the
        quartile of the slant of the image among training images of its digit (`slant`), and the
        number of the speaker of the recording in alphabetical order

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the files that were read; ``fsdd`` and ``audiomnist`` include all WAV files in
        the order of their paths
    labels : `dict` of `int`
        Numbers of classes of ``further_labels``
    description : `str`
        One-line description of the data

    Raises
    ------
    FileNotFoundError
        If a file or folder is missing
    ValueError
        If a file is damaged, a split lacks a class, or an argument is invalid, such as a further
        label "speaker" if the splits have different speakers
    """

    num_classes = 10

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        audio: str = "fsdd",
        split: str = "recording",
        log_mel: LogMel | None = None,
        modalities: Sequence[str] = MODALITIES,
        further_labels: Sequence[str] = (),
    ) -> None:
        check_names(modalities, further_labels, root is not None and split == "recording")
        self._dropped = [name for name in MODALITIES if name not in modalities]
        if audio not in _READERS:
            raise ValueError(f"`audio` must be one of {list(_READERS)}. Received: {audio!r}")
        if split not in SPLITS:
            raise ValueError(f"`split` must be one of {list(SPLITS)}. Received: {split!r}")
        if root is None:
            if (audio, split, log_mel) != ("fsdd", "recording", None):
                raise ValueError(
                    "`audio`, `split` and `log_mel` must be left out without `root`: the built-in "
                    f"set is fixed. Received: {audio!r}, {split!r}, {log_mel!r}"
                )
            images, clips = read_handwritten(), read_spoken()
            files = {path.name: [path] for path in (HANDWRITTEN_DIGITS, SPOKEN_DIGITS)}
            source = "scikit-learn digits + synthesized speech"
        else:
            root = Path(root)
            ends = ("train", "test")
            needed = [path for end in ends for path in mnist_files(root / "mnist", end)]
            check_present(root, [*needed, root / audio])
            images = _mnist_splits(root / "mnist")
            clips = SPLITS[split](_READERS[audio](root / audio, log_mel))
            files = _files(root, audio)
            source = f"MNIST + {audio.upper()}, split by {split}"
        self.checksums = {name: sha256(*paths) for name, paths in files.items()}
        if split != "recording" or self._dropped:  # other samples of the same files
            kept = [name for name in MODALITIES if name not in self._dropped]
            selection = f"split by {split}: {', '.join(kept)}"
            self.checksums["selection"] = hashlib.sha256(selection.encode()).hexdigest()
        speakers = np.unique(clips["train"].speakers)
        known = {"slant": NUM_SLANTS, "speaker": len(speakers)}
        self.labels = {name: known[name] for name in further_labels}
        slants = slant_quartiles(images) if "slant" in further_labels else None
        self._pairs = {
            name: ClassPairs(
                name,
                *images[name],
                clips[name].spectrograms,
                clips[name].labels,
                of_images=slants and {"slant": slants[name]},
                of_audio=_speakers(clips[name], speakers) if "speaker" in further_labels else None,
                mixed=root is None,
            )
            for name in images
        }
        sizes = (f"{name} {len(pairs)} + {len(clips[name])}" for name, pairs in self._pairs.items())
        self.description = f"{source} (images + clips: {', '.join(sizes)})"

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of a sample of each modality, ``{"image": (28, 28, 1), ...}``."""
        shapes = self._pairs["train"].shapes
        return {name: shape for name, shape in shapes.items() if name not in self._dropped}

    def images(self, split: str) -> LabeledImages:
        """All images [num_images, height, width, 1] in [0, 1] of a split, and their labels.

        ``split`` is "train", "validation" or "test".
        """
        if split not in self._pairs:
            raise ValueError(f"`split` must be one of {list(self._pairs)}. Received: {split!r}")
        return self._pairs[split].images()

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0, start: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn at random with replacement, see `ClassPairs`.

        Classes are balanced, so that a batch of ten contains each class once, in random order. The
        samples depend only on ``seed`` and the step number. A second pass over the returned data
        set continues with the next steps.

        Parameters
        ----------
        batch_size : `int`
            Number of samples per batch
        steps : `int`
            Number of batches per pass; by default one pass over the images
        seed : `int`
            Seed of the random generator
        start : `int`
            Number of the first step, to resume an interrupted training
        """
        return self._selected(self._pairs["train"].draws(batch_size, steps, seed, start))

    def probing(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return about 5,000 training samples for probes, the same in each call."""
        return self.train(batch_size, max(1, _NUM_PROBING // batch_size))

    def parts(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Targets of probes: the digit (``label``), and further labels."""
        return {name: batch[name] for name in ("label", *self.labels)}

    def validation(self, batch_size: int = 100, seed: int = 0) -> tf.data.Dataset:
        """Return each validation image once, as in `test`."""
        return self._selected(self._pairs["validation"].each(batch_size, seed))

    def test(self, batch_size: int = 100, seed: int = 0) -> tf.data.Dataset:
        """Return each test image once, with a test recording of its class drawn with ``seed``.

        The order of images is random and the same in each call. The last batch may be smaller.
        """
        return self._selected(self._pairs["test"].each(batch_size, seed))

    def _selected(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """``batches`` without the modalities that are not selected."""
        if not self._dropped:
            return batches

        def without(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return {name: values for name, values in batch.items() if name not in self._dropped}

        return batches.map(plain(without))


def check_names(modalities: Sequence[str], labels: Sequence[str], has_speakers: bool) -> None:
    """Check names of modalities and further labels.

    Raises
    ------
    ValueError
        If a name is unknown or repeated, there is no modality, or the speaker is a label although
        the splits do not have the same speakers
    """
    for what, names, known, least in (
        ("modalities", modalities, MODALITIES, 1),
        ("further_labels", labels, FURTHER_LABELS, 0),
    ):
        if len(names) < least or len({*names}) < len(names) or not {*names} <= {*known}:
            raise ValueError(
                f"`{what}` must be different names of {', '.join(known)}. "
                f"Received: {listed(names) or 'none'}"
            )
    if "speaker" in labels and not has_speakers:
        raise ValueError(
            "`further_labels` may contain the speaker only with a `root` and `split`='recording', "
            "where all splits have the same speakers. Received: speaker"
        )


def _speakers(clips: SpokenDigits, names: np.ndarray) -> dict[str, np.ndarray]:
    """Number of the speaker of each clip in the sorted ``names``."""
    return {"speaker": np.searchsorted(names, clips.speakers)}


def _mnist_splits(folder: Path) -> dict[str, LabeledImages]:
    images, labels = read_mnist(folder, "train")
    held = len(images) // 12  # the last 5,000 of MNIST's 60,000
    return {
        "train": (images[:-held], labels[:-held]),
        "validation": (images[-held:], labels[-held:]),
        "test": read_mnist(folder, "test"),
    }


def _files(root: Path, audio: str) -> dict[str, list[Path]]:
    files = [*mnist_files(root / "mnist", "train"), *mnist_files(root / "mnist", "test")]
    return {path.name: [path] for path in files} | {audio: clip_files(root / audio)}
