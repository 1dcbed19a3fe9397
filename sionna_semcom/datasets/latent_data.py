# SPDX-License-Identifier: Apache-2.0
"""Base class of latents in memory, and linear heads of networks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property

import h5py
import numpy as np
import tensorflow as tf

from .._hdf5 import read_dataset
from .._messages import listed
from .._seeding import derive_seed
from .batches import drawn_batches, in_fixed_order
from .data import TEST, Data, content_digest
from .features.columns import as_classes, as_numbers

SPLITS = {"train": "train", "validation": "val", "test": "test"}  # names here and in files
_FITTED = "training and validation samples"  # name of the checksum of all but the test samples
_MOST_CLASSES = 100_000  # of a fitted head, which has weights for each class


class LatentData(Data):
    """Latents of several networks for the same inputs, in three splits.

    Parameters
    ----------
    checksums : `None` | `dict` of `str`
        SHA-256 of the sources of the latents
    identified : `bool`
        Whether ``checksums`` determine the latents and the heads

    Attributes
    ----------
    sources : `dict` of `str`
        SHA-256 of the sources, without those of the content
    """

    def __init__(self, checksums: Mapping[str, str] | None, identified: bool) -> None:
        self.sources = {k: v for k, v in (checksums or {}).items() if k not in (_FITTED, TEST)}
        self._identified = identified

    @cached_property
    def checksums(self) -> dict[str, str]:  # type: ignore[override]
        """SHA-256 of the sources and, unless these determine the content, of the content."""
        if self._identified:
            return dict(self.sources)

        def parts(*splits: str) -> dict[str, np.ndarray]:
            arrays = {split: self.arrays(split) for split in splits}
            return {f"{split} {name}": x for split in splits for name, x in arrays[split].items()}

        heads = {
            f"{name} {number}": values
            for number, head in enumerate(self._all_heads())
            for name, values in zip(("kernel", "bias"), head, strict=True)
        }
        fitted = {**parts("train", "validation"), **heads}
        return {
            **self.sources,
            _FITTED: content_digest(fitted),
            TEST: content_digest(parts("test")),
        }

    @abstractmethod
    def _all_heads(self) -> Sequence[tuple[np.ndarray, np.ndarray]]:
        """Kernel and bias of each head."""

    @abstractmethod
    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """Latents by name and ``label`` of one split."""

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches of latents and ``label``, drawn without replacement in each pass."""
        seed = derive_seed("latents", seed)
        return drawn_batches(self.arrays("train"), batch_size, steps, seed)

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return the latents of each validation input once, in a fixed random order."""
        return self._each("validation", batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return the latents of each test input once, in a fixed random order."""
        return self._each("test", batch_size)

    def _each(self, name: str, batch_size: int) -> tf.data.Dataset:
        return in_fixed_order(self.arrays(name), name, batch_size)


def balanced_rows(label: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of ``count`` samples, balanced over the classes in ``label``, ascending.

    Raises
    ------
    ValueError
        If ``count`` is not positive, or a class has too few samples
    """
    if count < 1:
        raise ValueError(f"`count` must be positive. Received: {count}")
    draw = np.random.default_rng(derive_seed("pilots", seed))
    kinds = draw.permutation(np.unique(label))
    shares = [len(part) for part in np.array_split(np.arange(count), len(kinds))]
    rows: list[np.ndarray] = []
    for kind, share in zip(kinds, shares, strict=True):
        members = np.flatnonzero(label == kind)
        if share > len(members):
            raise ValueError(
                f"`count` must leave {share} pilots to class {kind}, which has {len(members)}. "
                f"Received: {count}"
            )
        rows.append(draw.permutation(members)[:share])
    return np.sort(np.concatenate(rows))


def read_latents(file: h5py.File, name: str) -> np.ndarray:
    """Real numbers as `float32`. Overflows become infinite, which raises an error later."""
    values = as_numbers(read_dataset(file, name), name)
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32)


def check_groups(file: h5py.File, where: str, known: set[str]) -> None:
    """Check that a file, or its group ``where``, has no members but ``known``.

    Raises
    ------
    ValueError
        If it has others
    """
    unknown = sorted(set(file.get(where, ())) - known)
    if unknown:
        place = "" if where == "/" else f" in {where}"
        raise ValueError(f"it must have only {listed(sorted(known))}{place}, not {listed(unknown)}")


def as_latents(values: np.ndarray, name: str) -> np.ndarray:
    """Finite numbers as `float32`.

    Raises
    ------
    ValueError
        If a value is not finite
    """
    with np.errstate(over="ignore"):
        found = values.astype(np.float32, copy=False)
    if not np.isfinite(found).all():
        raise ValueError(f"`{name}` must be finite. Received: NaN or infinity")
    return found


def classes(label: np.ndarray) -> np.ndarray:
    """Labels as `int32`."""
    if label.ndim != 1:
        return label  # their shape is checked with the shapes of the latents
    try:
        return as_classes(label)
    except ValueError as error:
        received = str(error).rpartition("Received: ")[2]
        raise ValueError(f"`label` must hold classes 0, 1, ... Received: {received}") from error


def head_accuracy(
    latents: np.ndarray, label: np.ndarray, kernel: np.ndarray, bias: np.ndarray
) -> float:
    """Accuracy of a head on the network's own latents."""
    return float(np.mean(np.argmax(latents @ kernel + bias, -1) == label))


def check_head(kernel: np.ndarray, bias: np.ndarray, width: int, num_classes: int) -> None:
    """Check the weights of a head.

    Raises
    ------
    ValueError
        If they do not fit latents of ``width`` features and ``num_classes``, or are not finite
    """
    fits = kernel.ndim == 2 and len(kernel) == width and bias.shape == kernel.shape[1:]
    if not fits or len(bias) < num_classes:
        raise ValueError(
            f"The head must have a kernel [{width}, num_classes] and a bias [num_classes] for "
            f"{num_classes} classes. Received: {kernel.shape} and {bias.shape}"
        )
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise ValueError("The head must be finite. Received: NaN or infinity")


def fit_head(
    latents: np.ndarray, label: np.ndarray, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression on standardized latents, merged into one layer.

    Raises
    ------
    ValueError
        If there are too many classes
    """
    from sklearn.linear_model import LogisticRegression

    if num_classes > _MOST_CLASSES:
        raise ValueError(
            f"Without a head `label` must be below {_MOST_CLASSES}. Received: {num_classes - 1}"
        )
    mean, scale = latents.mean(0), latents.std(0)
    scale = np.where(scale > 1e-6 * scale.max(), scale, 1.0)  # constant features have no effect
    model = LogisticRegression(C=0.1, max_iter=200).fit((latents - mean) / scale, label)
    kernel = np.zeros((latents.shape[1], num_classes), np.float32)
    bias = np.full(num_classes, -1e9 if num_classes > 2 else 0.0, np.float32)
    coefficients, offsets = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # a single row of coefficients is the difference of two classes
        coefficients, offsets = np.stack([0 * coefficients[0], coefficients[0]]), [0, offsets[0]]
    kernel[:, model.classes_] = (coefficients / scale).T
    bias[model.classes_] = offsets - (coefficients / scale) @ mean
    return kernel, bias
