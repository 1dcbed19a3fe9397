# SPDX-License-Identifier: Apache-2.0
"""Base class of data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

DEVELOPMENT = "development samples"
"""Name of the checksum of test samples that were set aside for validation"""
VALIDATION = "validation samples"
"""Name of the checksum of other samples for validation"""
TEST = "test samples"
"""Name of the checksum of samples for results, on which no weights depend"""


class Data(Protocol):
    """Samples in three splits, as batches of dictionaries.

    Data sets inherit from this class, which defines defaults for optional attributes and methods.

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the files that were read
    num_classes : `int`
        Number of classes; zero if samples have a score or no label
    labels : `dict` of `int`
        Numbers of classes of additional labels in a batch; none by default
    """

    checksums: dict[str, str]
    num_classes: int
    labels: Mapping[str, int] = {}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality."""

    @property
    def normalization(self) -> Mapping[str, Any]:
        """Standardization of raw features by modality; none by default.

        It is saved with a system that is built from the data.
        """
        return {}

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn with ``seed``."""

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each sample for the selection of settings once."""

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each sample for results once."""

    def probing(self, batch_size: int = 100) -> tf.data.Dataset:
        """Samples for the training of probes; batches for training by default."""
        return self.train(batch_size)

    def parts(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Targets of probes [batch] for each sample of a batch, by name.

        Integers are classes, and `float` values are scores. By default, the ``label`` if there are
        classes or the label is a score, otherwise none.
        """
        label = batch.get("label")
        known = self.num_classes or (label is not None and is_score(label))
        return {"label": batch["label"]} if known else {}


def content_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the names, shapes, types and values of arrays."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def is_score(target: Any) -> bool:
    """Whether a target is a score (`float`) instead of a class."""
    return bool(tf.as_dtype(target.dtype).is_floating)
