# SPDX-License-Identifier: Apache-2.0
"""What every data set offers."""

from __future__ import annotations

from typing import Protocol

import tensorflow as tf


class Data(Protocol):
    """Samples in three splits, as batches of dictionaries.

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the files that were read
    num_classes : `int`
        Number of classes

    Data may also have, for probes and supervised training,

    - ``parts(batch)``: what is known of each sample of a batch, by name, to be probed;
    - ``probing(batch_size)``: every sample on which probes are trained, once;
    - ``labels``: numbers of classes of further keys of a batch.
    """

    checksums: dict[str, str]
    num_classes: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality."""

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn by ``seed``."""

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every sample kept for choosing settings, once."""

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every sample kept for results, once."""
