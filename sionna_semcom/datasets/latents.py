# SPDX-License-Identifier: Apache-2.0
"""Latents of the same inputs from two separately trained networks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import h5py
import numpy as np
import tensorflow as tf

from .._files import atomic_hdf5, sha256
from .._hdf5 import open_hdf5, read_checksums, read_dataset
from .._messages import listed
from .._seeding import derive_seed
from .batches import drawn_batches, each_once
from .data import Data
from .features.columns import as_classes, as_numbers
from .folder import find_file
from .settings import DATASETS, DataSettings

SPLITS = {"train": "train", "validation": "val", "test": "test"}  # names here and in files
_MOST_CLASSES = 100_000  # of a fitted head, which has weights for each class


@dataclass(frozen=True)
class LatentSplit:
    """Latents of the same inputs, and the classes of the inputs.

    Parameters
    ----------
    tx : [num_samples, d], `float32`
        Latents of the transmitter's network
    rx : [num_samples, m], `float32`
        Latents of the receiver's network
    label : [num_samples], `int32`
        Classes

    Raises
    ------
    ValueError
        If the arrays do not match, or a value is not finite
    """

    tx: np.ndarray
    rx: np.ndarray
    label: np.ndarray

    def __post_init__(self) -> None:
        shapes = self.tx.shape, self.rx.shape, self.label.shape
        if [len(s) for s in shapes] != [2, 2, 1] or len({s[0] for s in shapes}) > 1:
            raise ValueError(
                "`tx`, `rx` and `label` must have shapes [n, d], [n, m] and [n]. "
                f"Received: {', '.join(map(str, shapes))}"
            )
        if not len(self.label):
            raise ValueError("`label` must hold classes 0, 1, ... Received: none")
        _classes(self.label)
        for name in ("tx", "rx"):
            if not np.isfinite(as_numbers(getattr(self, name), name)).all():
                raise ValueError(f"`{name}` must be finite. Received: NaN or infinity")

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: np.ndarray) -> LatentSplit:
        return LatentSplit(self.tx[rows], self.rx[rows], self.label[rows])


class LatentPairs(Data):
    """Pairs of latents of a transmitter and a receiver, and the head of the receiver.

    Parameters
    ----------
    splits : `dict` of `LatentSplit`
        ``train`` (from which pilots are drawn), ``validation`` and ``test``
    kernel : `None` | [m, num_classes], `float32`
        Weights of the receiver's head with logits ``rx @ kernel + bias``. By default, a logistic
        regression is fitted to the receiver's training latents
    bias : `None` | [num_classes], `float32`
        Bias of the head
    checksums : `dict` of `str`
        SHA-256 of the sources of the latents

    Attributes
    ----------
    num_classes : `int`
        Number of classes

    Raises
    ------
    ValueError
        If splits and head do not match
    """

    def __init__(
        self,
        splits: Mapping[str, LatentSplit],
        kernel: np.ndarray | None = None,
        bias: np.ndarray | None = None,
        checksums: Mapping[str, str] | None = None,
    ) -> None:
        if set(splits) != set(SPLITS):
            raise ValueError(f"`splits` must be {', '.join(SPLITS)}. Received: {listed(splits)}")
        self.splits = dict(splits)
        widths = {(s.tx.shape[1], s.rx.shape[1]) for s in splits.values()}
        if len(widths) > 1:
            raise ValueError(f"Splits must have latents of the same sizes. Received: {widths}")
        self.num_classes = 1 + max(int(split.label.max()) for split in splits.values())
        if kernel is None and bias is None:
            if self.num_classes > _MOST_CLASSES:
                raise ValueError(
                    f"Without a head `label` must be below {_MOST_CLASSES}. "
                    f"Received: {self.num_classes - 1}"
                )
            kernel, bias = _fit_head(splits["train"], self.num_classes)
        if kernel is None or bias is None:
            raise ValueError("The head must have both a kernel and a bias. Received: one of them")
        width = splits["train"].rx.shape[1]
        fits = kernel.ndim == 2 and len(kernel) == width and bias.shape == kernel.shape[1:]
        if not fits or len(bias) < self.num_classes:
            raise ValueError(
                f"The head must have a kernel [{width}, num_classes] and a bias [num_classes] for "
                f"{self.num_classes} classes. Received: {kernel.shape} and {bias.shape}"
            )
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise ValueError("The head must be finite. Received: NaN or infinity")
        self.kernel, self.bias = kernel, bias
        self.checksums = dict(checksums or {})

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of a latent of each network, ``{"tx": (d,), "rx": (m,)}``."""
        train = self.splits["train"]
        return {"tx": train.tx.shape[1:], "rx": train.rx.shape[1:]}

    @property
    def receiver_accuracy(self) -> float:
        """Accuracy of the receiver's head on its own test latents, the reference for alignment."""
        test = self.splits["test"]
        return float(np.mean(np.argmax(test.rx @ self.kernel + self.bias, -1) == test.label))

    def subset(self, count: int | None, seed: int = 0) -> LatentPairs:
        """Same pairs with ``count`` balanced training samples, drawn without replacement.

        The numbers of samples per class differ by at most one. `None` keeps all samples. The same
        ``count`` and ``seed`` give the same samples.

        Raises
        ------
        ValueError
            If ``count`` is not positive, or a class has too few samples
        """
        if count is None:
            return self
        if count < 1:
            raise ValueError(f"`count` must be positive. Received: {count}")
        splits = {**self.splits, "train": self.splits["train"][self._draw(count, seed)]}
        return LatentPairs(splits, self.kernel, self.bias, self.checksums)

    def _draw(self, count: int, seed: int) -> np.ndarray:
        """Indices of ``count`` balanced training samples, ascending."""
        label = self.splits["train"].label
        draw = np.random.default_rng(derive_seed("pilots", seed))
        classes = draw.permutation(np.unique(label))
        shares = [len(part) for part in np.array_split(np.arange(count), len(classes))]
        rows: list[np.ndarray] = []
        for kind, share in zip(classes, shares, strict=True):
            members = np.flatnonzero(label == kind)
            if share > len(members):
                raise ValueError(
                    f"`count` must leave {share} pilots to class {kind}, which has {len(members)}. "
                    f"Received: {count}"
                )
            rows.append(draw.permutation(members)[:share])
        return np.sort(np.concatenate(rows))

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches of ``tx``, ``rx`` and ``label``, drawn without replacement in each pass."""
        arrays = _arrays(self.splits["train"])
        return drawn_batches(arrays, batch_size, steps, derive_seed("latents", seed))

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each validation pair once, in a fixed random order."""
        return self._each("validation", batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each test pair once, in a fixed random order.

        Data sets are often ordered by class. Their batches would differ, and intervals over batches
        would be too wide.
        """
        return self._each("test", batch_size)

    def _each(self, name: str, batch_size: int) -> tf.data.Dataset:
        split = self.splits[name]
        order = np.random.default_rng(derive_seed("order", name)).permutation(len(split))
        return each_once(_arrays(split[order]), batch_size)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the pairs atomically to an HDF5 file for :meth:`load`."""
        with atomic_hdf5(path) as file:
            for name, split in self.splits.items():
                for part in ("tx", "rx", "label"):
                    file[f"{SPLITS[name]}/{part}"] = getattr(split, part)
            file["head/kernel"], file["head/bias"] = self.kernel, self.bias
            file.attrs["checksums"] = json.dumps(self.checksums)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LatentPairs:
        """Read ``{train,val,test}/{tx,rx,label}`` and, optionally, ``head/{kernel,bias}``.

        Raises
        ------
        FileNotFoundError
            If the file does not exist
        ValueError
            If the file is damaged or incomplete
        """
        with open_hdf5(path, "file of latents") as file:
            splits = {
                name: LatentSplit(
                    _real(file, f"{group}/tx"),
                    _real(file, f"{group}/rx"),
                    _classes(read_dataset(file, f"{group}/label")),
                )
                for name, group in SPLITS.items()
            }
            kernel, bias = (
                _real(file, f"head/{part}") if "head" in file else None
                for part in ("kernel", "bias")
            )
            checksums = read_checksums(file) or {Path(path).name: sha256(path)}
            return cls(splits, kernel, bias, checksums)


def _real(file: h5py.File, name: str) -> np.ndarray:
    """Real numbers as `float32`. Overflows become infinite, which raises an error later."""
    values = as_numbers(read_dataset(file, name), name)
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32)


def _classes(label: np.ndarray) -> np.ndarray:
    """Labels as `int32`."""
    if label.ndim != 1:
        return label  # their shape is checked with the shapes of the latents
    try:
        return as_classes(label)
    except ValueError as error:
        received = str(error).rpartition("Received: ")[2]
        raise ValueError(f"`label` must hold classes 0, 1, ... Received: {received}") from error


def _arrays(split: LatentSplit) -> dict[str, np.ndarray]:
    return {"tx": split.tx, "rx": split.rx, "label": split.label.astype(np.int32)}


def _fit_head(train: LatentSplit, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression on standardized latents of the receiver, merged into one layer."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = train.rx.mean(0), train.rx.std(0) + 1e-6
    model = LogisticRegression(C=0.1, max_iter=200).fit((train.rx - mean) / scale, train.label)
    kernel = np.zeros((train.rx.shape[1], num_classes), np.float32)
    bias = np.full(num_classes, -1e9 if num_classes > 2 else 0.0, np.float32)
    coefficients, offsets = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # a single row of coefficients is the difference of two classes
        coefficients, offsets = np.stack([0 * coefficients[0], coefficients[0]]), [0, offsets[0]]
    kernel[:, model.classes_] = (coefficients / scale).T
    bias[model.classes_] = offsets - (coefficients / scale) @ mean
    return kernel, bias


LATENTS = ("tx", "rx")


@DATASETS.declare
class LatentsData(DataSettings):
    """Latents of two networks from an HDF5 file with {train,val,test}/{tx,rx,label}."""

    modalities: ClassVar[tuple[str, ...]] = LATENTS

    kind: Literal["latents"] = "latents"
    path: Path
    """Path of the file, or its path below the folder SIONNA_SEMCOM_DATA"""

    def load(self, models: Any = None) -> LatentPairs:
        """Read the file."""
        return LatentPairs.load(find_file(self.path))
