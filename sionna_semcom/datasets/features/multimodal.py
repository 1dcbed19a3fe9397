# SPDX-License-Identifier: Apache-2.0
"""Multimodal features for a task at the receiver."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from ..._files import sha256
from ..._messages import listed, shortened
from ..._seeding import derive_seed
from ..batches import drawn_batches, each_once, in_fixed_order
from ..data import DEVELOPMENT, TEST, VALIDATION, Data, content_digest
from .file import read_feature_file, write_feature_file
from .split import FeatureSplit, hold_out
from .standardization import Standardization, count_non_finite

_SPLITS = ("train", "validation", "test")


class MultimodalFeatures(Data):
    r"""Standardized features of several modalities with a score or class for each sample.

    A batch is a dictionary of

    - ``<modality>`` : [batch, D] or [batch, T, D], `float32`
    - ``<modality>_length`` : [batch], `int32`, for sequences: number of valid frames, which come
      first and are followed by zeros; may be zero
    - ``label`` : [batch], `float32` (scores) or `int32` (classes)

    Each feature has zero mean and unit variance over the valid frames in training. Features that
    are constant in training are zero. Values that are infinite, NaN or larger than 1.8e19 are
    replaced by zero, which is the mean.

    Parameters
    ----------
    splits : `dict` of `FeatureSplit`
        ``train``, ``test`` and, optionally, ``validation``
    modalities : `None` | sequence of `str`
        Modalities; all by default
    holdout : `float`
        Fraction of the training videos for validation, if there is no validation split. Videos are
        drawn with ``seed``, and each video is in one split only. With 0, all are used for training
    development : `float`
        Fraction of the test videos for validation instead, if training samples do not show
        generalization. The other test videos are then used for results
    seed : `int`
        Seed of the random generator
    checksums : `dict` of `str`
        SHA-256 of the sources of the features. SHA-256 of the samples of each split are added

    Attributes
    ----------
    splits : `dict` of `FeatureSplit`
        Samples without standardization
    num_classes : `int`
        Number of classes; 0 if the label is a score
    replaced : `dict` of `dict` of `int`
        Number of values that were replaced by the mean, by split and modality

    Raises
    ------
    ValueError
        If splits do not match, or an argument is out of range
    """

    def __init__(
        self,
        splits: Mapping[str, FeatureSplit],
        *,
        modalities: Sequence[str] | None = None,
        holdout: float = 0.0,
        development: float = 0.0,
        seed: int = 0,
        checksums: Mapping[str, str] | None = None,
    ) -> None:
        _check_together(splits)
        for name, share in (("holdout", holdout), ("development", development)):
            if not 0 <= share < 1:
                raise ValueError(f"`{name}` must be in [0, 1). Received: {share}")
        if development and (holdout or "validation" in splits):
            raise ValueError(
                "`development` must be zero where there is a validation split, or a share of "
                f"the training videos is kept for it. Received: {development}"
            )
        names = modalities or list(splits["train"].features)
        self.splits = {name: splits[name].select(names) for name in _SPLITS if name in splits}
        if "validation" not in splits and holdout > 0:
            kept = dict(zip(_SPLITS, hold_out(self.splits["train"], holdout, seed), strict=False))
            self.splits = {**kept, "test": self.splits["test"]}
        if development > 0:
            test, validation = hold_out(self.splits["test"], development, seed)
            self.splits |= {"validation": validation, "test": test}
        self.num_classes = 0
        if splits["train"].kind == "classification":
            self.num_classes = 1 + max(int(split.label.max()) for split in splits.values())
        self.checksums = {**(checksums or {}), "training samples": self._digest("train")}
        if "validation" in self.splits:
            name = DEVELOPMENT if development > 0 else VALIDATION
            self.checksums[name] = self._digest("validation")
        self.checksums[TEST] = self._digest("test")
        self.replaced = {
            name: {
                modality: count_non_finite(values, split.lengths.get(modality))
                for modality, values in split.features.items()
            }
            for name, split in self.splits.items()
        }
        train = self.splits["train"]
        self._standardize = {
            modality: Standardization.fit(values, train.lengths.get(modality))
            for modality, values in train.features.items()
        }
        self._arrays: dict[str, dict[str, np.ndarray]] = {}

    def _digest(self, part: str) -> str:
        """SHA-256 of a split: features, lengths, labels and their type."""
        split = self.splits[part]
        lengths = {f"{name}_length": values for name, values in split.lengths.items()}
        label = {f"label, {self.num_classes}": split.label}
        return content_digest({**split.features, **lengths, **label})

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality, ``{"text": (100,), "audio": (50, 74)}``."""
        return self.splits["train"].shapes

    @property
    def normalization(self) -> dict[str, Standardization]:
        """Standardization of each modality, fitted to training samples."""
        return dict(self._standardize)

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """All samples of a split in order, with the keys and values of a batch.

        Raises
        ------
        ValueError
            If the split does not exist
        """
        if split not in self.splits:
            raise ValueError(
                f"`split` must be one of {', '.join(self.splits)} (`holdout` keeps a share of the "
                f"training videos for validation). Received: {shortened(split)}"
            )
        if split not in self._arrays:
            raw = self.splits[split]
            arrays = {
                name: standardize(raw.features[name], raw.lengths.get(name))
                for name, standardize in self._standardize.items()
            }
            arrays |= {f"{name}_length": lengths for name, lengths in raw.lengths.items()}
            self._arrays[split] = {**arrays, "label": raw.label}
        return dict(self._arrays[split])

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn without replacement in each pass over the samples.

        Parameters
        ----------
        batch_size : `int`
            Number of samples per batch
        steps : `int`
            Number of batches; by default one pass over the samples
        seed : `int`
            Seed of the order
        """
        return drawn_batches(self.arrays("train"), batch_size, steps, derive_seed("features", seed))

    def probing(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each training sample once, for probes of a trained model."""
        return each_once(self.arrays("train"), batch_size)

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each validation sample once, in a fixed random order.

        Raises
        ------
        ValueError
            If there are no validation samples
        """
        return in_fixed_order(self.arrays("validation"), "validation", batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each test sample once, in a fixed random order."""
        return in_fixed_order(self.arrays("test"), "test", batch_size)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the samples without standardization to an HDF5 file, atomically."""
        write_feature_file(path, self.splits, self.checksums)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        modalities: Sequence[str] | None = None,
        label: str | None = None,
        holdout: float = 0.0,
        development: float = 0.0,
        seed: int = 0,
    ) -> MultimodalFeatures:
        """Read an HDF5 file that was written by `save` or ``sionna-semcom convert``.

        Parameters
        ----------
        path : `str` or `PathLike`
            Path of the file
        modalities, holdout, development, seed
            As above
        label : `None` | "regression" | "classification"
            Type of labels; by default the labels of the file, or scores if it contains both

        Raises
        ------
        FileNotFoundError
            If the file does not exist
        ValueError
            If the file is damaged or incomplete, or as above
        """
        splits, checksums = read_feature_file(path, label, modalities)
        checksums = checksums or {Path(path).name: sha256(path)}
        try:
            return cls(
                splits,
                modalities=modalities,
                holdout=holdout,
                development=development,
                seed=seed,
                checksums=checksums,
            )
        except ValueError as error:
            raise ValueError(f"`{path}`: {error}") from error


def _check_together(splits: Mapping[str, FeatureSplit]) -> None:
    if not {"train", "test"} <= set(splits) <= set(_SPLITS):
        raise ValueError(
            f"`splits` must be train, test and optionally validation. Received: {listed(splits)}"
        )
    shapes = {name: dict(sorted(split.shapes.items())) for name, split in splits.items()}
    if any(one != shapes["train"] for one in shapes.values()):
        raise ValueError(
            f"Splits must have the same modalities and shapes. Received: {shortened(shapes, 400)}"
        )
    kinds = {name: split.kind for name, split in splits.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"Splits must have the same kind of label. Received: {kinds}")
