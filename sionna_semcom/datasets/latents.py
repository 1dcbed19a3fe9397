# SPDX-License-Identifier: Apache-2.0
"""Latents of the same inputs from two separately trained networks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from .._files import atomic_hdf5, sha256
from .._hdf5 import open_hdf5, read_checksums, read_dataset
from .._messages import listed
from .features.columns import as_numbers
from .folder import find_file
from .latent_data import (
    SPLITS,
    LatentData,
    as_latents,
    balanced_rows,
    check_groups,
    check_head,
    classes,
    fit_head,
    head_accuracy,
    read_latents,
)
from .settings import DATASETS, DataSettings


@dataclass(frozen=True)
class LatentSplit:
    """Latents of the same inputs, and the classes of the inputs.

    Parameters
    ----------
    tx : [num_samples, d], `float`
        Latents of the transmitter's network, which are kept as `float32`
    rx : [num_samples, m], `float`
        Latents of the receiver's network, which are kept as `float32`
    label : [num_samples], `int`
        Classes, which are kept as `int32`

    Raises
    ------
    ValueError
        If the arrays do not match, or a value is not finite
    """

    tx: np.ndarray
    rx: np.ndarray
    label: np.ndarray

    def __post_init__(self) -> None:
        given = {name: as_numbers(getattr(self, name), name) for name in ("tx", "rx")}
        given["label"] = np.asarray(self.label)
        shapes = [values.shape for values in given.values()]
        if [len(s) for s in shapes] != [2, 2, 1] or len({s[0] for s in shapes}) > 1:
            raise ValueError(
                "`tx`, `rx` and `label` must have shapes [n, d], [n, m] and [n]. "
                f"Received: {', '.join(map(str, shapes))}"
            )
        if not len(given["label"]):
            raise ValueError("`label` must hold classes 0, 1, ... Received: none")
        object.__setattr__(self, "label", classes(given["label"]))
        for name in ("tx", "rx"):
            object.__setattr__(self, name, as_latents(given[name], name))

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, rows: np.ndarray) -> LatentSplit:
        return LatentSplit(self.tx[rows], self.rx[rows], self.label[rows])


class LatentPairs(LatentData):
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
    identified : `bool`
        Whether ``checksums`` determine the latents and the head. By default, SHA-256 of latents and
        head are added to them

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
        identified: bool = False,
    ) -> None:
        super().__init__(checksums, identified)
        if set(splits) != set(SPLITS):
            raise ValueError(f"`splits` must be {', '.join(SPLITS)}. Received: {listed(splits)}")
        self.splits = dict(splits)
        widths = {(s.tx.shape[1], s.rx.shape[1]) for s in splits.values()}
        if len(widths) > 1:
            raise ValueError(f"Splits must have latents of the same sizes. Received: {widths}")
        self.num_classes = 1 + max(int(split.label.max()) for split in splits.values())
        if kernel is None and bias is None:
            train = splits["train"]
            kernel, bias = fit_head(train.rx, train.label, self.num_classes)
        if kernel is None or bias is None:
            raise ValueError("The head must have both a kernel and a bias. Received: one of them")
        check_head(kernel, bias, splits["train"].rx.shape[1], self.num_classes)
        self.kernel, self.bias = kernel, bias

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of a latent of each network, ``{"tx": (d,), "rx": (m,)}``."""
        train = self.splits["train"]
        return {"tx": train.tx.shape[1:], "rx": train.rx.shape[1:]}

    @property
    def receiver_accuracy(self) -> float:
        """Accuracy of the receiver's head on its own test latents, the reference for alignment."""
        test = self.splits["test"]
        return head_accuracy(test.rx, test.label, self.kernel, self.bias)

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
        train = self.splits["train"]
        splits = {**self.splits, "train": train[balanced_rows(train.label, count, seed)]}
        return LatentPairs(splits, self.kernel, self.bias, self.sources)

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """Latents ``tx`` and ``rx``, and ``label``."""
        one = self.splits[split]
        return {"tx": one.tx, "rx": one.rx, "label": one.label.astype(np.int32)}

    def _all_heads(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [(self.kernel, self.bias)]

    def summary(self) -> list[str]:
        """Lines of text: sizes, and the accuracy of the receiver."""
        sizes = ", ".join(f"{name} {len(split)}" for name, split in self.splits.items())
        (d,), (m,) = self.shapes["tx"], self.shapes["rx"]
        return [
            f"{d} real numbers at the transmitter, {m} at the receiver ({sizes})",
            f"Accuracy of the receiver on its own latents: {self.receiver_accuracy:.3f}",
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the pairs atomically to an HDF5 file for :meth:`load`."""
        with atomic_hdf5(path) as file:
            for name, split in self.splits.items():
                for part in ("tx", "rx", "label"):
                    file[f"{SPLITS[name]}/{part}"] = getattr(split, part)
            file["head/kernel"], file["head/bias"] = self.kernel, self.bias
            file.attrs["checksums"] = json.dumps(self.sources)

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
            check_groups(file, "/", {*SPLITS.values(), "head"})
            splits = {
                name: LatentSplit(
                    read_latents(file, f"{group}/tx"),
                    read_latents(file, f"{group}/rx"),
                    read_dataset(file, f"{group}/label"),
                )
                for name, group in SPLITS.items()
            }
            kernel, bias = (
                read_latents(file, f"head/{part}") if "head" in file else None
                for part in ("kernel", "bias")
            )
            sources = read_checksums(file)
            return cls(
                splits, kernel, bias, sources or {Path(path).name: sha256(path)}, not sources
            )


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
