# SPDX-License-Identifier: Apache-2.0
"""What every data set offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import tensorflow as tf


class Data(Protocol):
    """Samples in three splits, as batches of dictionaries.

    A data set inherits from this class: what it does not know has the default that stands here.

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the files that were read
    num_classes : `int`
        Number of classes; zero where samples have a score or nothing to be decided
    labels : `dict` of `int`
        Numbers of classes of further keys of a batch; none by default
    """

    checksums: dict[str, str]
    num_classes: int
    labels: Mapping[str, int] = {}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality."""

    @property
    def normalization(self) -> Mapping[str, Any]:
        """Maps that raw features of modalities went through; none by default.

        A system that is built from the data keeps them.
        """
        return {}

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn by ``seed``."""

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every sample kept for choosing settings, once."""

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every sample kept for results, once."""

    def probing(self, batch_size: int = 100) -> tf.data.Dataset:
        """Samples on which probes are trained: by default batches for training."""
        return self.train(batch_size)

    def parts(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of each sample of a batch [batch], by name, to be probed.

        By default the ``label`` where there are classes, and nothing otherwise.
        """
        return {"label": batch["label"]} if self.num_classes else {}
