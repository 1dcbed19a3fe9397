# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10: small color images of ten classes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import tensorflow as tf

from ..._files import sha256
from ..._seeding import derive_seed
from ..batches import check_positive, in_fixed_order, plain
from ..data import Data
from ..folder import FolderData
from ..presence import check_present
from ..settings import DATASETS
from .files import CLASSES, SHAPE, LabeledImages, read_archive, read_batches

MARGIN = 4  # maximum shift of training images in pixels


class CIFAR10(Data):
    """Color images of ten classes, 32 x 32 pixels.

    The three splits have no common images. The last 15 % of the training images of each class are
    used for validation (7,500 of 50,000).

    Parameters
    ----------
    root : `str` or `PathLike`
        Folder with ``cifar10/cifar10-images.zip`` (JPEG or PNG files
        ``{train,test}/<class>/<number>.jpg``) or ``cifar-10-batches-py/`` (published Python
        batches, also downloaded by Keras, with arrays [n, 3072], [n, 3, 32, 32] or [n, 32, 32, 3])

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the files that were read
    description : `str`
        One-line description of the data

    Raises
    ------
    FileNotFoundError
        If neither exists
    ValueError
        If a file is damaged, has arrays or images with other shapes, exceeds the memory limit of
        :class:`~sionna_semcom._limits.Budget`, or if a class has no image
    """

    num_classes = len(CLASSES)

    def __init__(self, root: str | os.PathLike[str]) -> None:
        archive = Path(root) / "cifar10" / "cifar10-images.zip"
        batches = Path(root) / "cifar-10-batches-py"
        if archive.is_file():
            splits = {name: read_archive(archive, name) for name in ("train", "test")}
            self.checksums = {archive.name: sha256(archive)}
        elif batches.is_dir():
            files = {
                "train": [batches / f"data_batch_{n}" for n in range(1, 6)],
                "test": [batches / "test_batch"],
            }
            check_present(root, [path for group in files.values() for path in group])
            splits = {name: read_batches(paths) for name, paths in files.items()}
            self.checksums = {path.name: sha256(path) for group in files.values() for path in group}
        else:
            raise FileNotFoundError(f"CIFAR-10 is neither in {archive} nor in {batches}")
        self._splits = {**_hold_out(*splits["train"]), "test": splits["test"]}
        sizes = ", ".join(f"{name} {len(labels)}" for name, (_, labels) in self._splits.items())
        self.description = f"CIFAR-10 ({sizes})"

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample, ``{"image": (32, 32, 3)}``."""
        return {"image": SHAPE}

    def images(self, split: str) -> LabeledImages:
        """All images [num_images, 32, 32, 3] in [0, 1] without augmentation, and labels.

        ``split`` is "train", "validation" or "test".
        """
        if split not in self._splits:
            raise ValueError(f"`split` must be one of {list(self._splits)}. Received: {split!r}")
        images, labels = self._splits[split]
        return images.astype(np.float32) / 255.0, labels

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, with randomly flipped and shifted images.

        Images are drawn without replacement in each pass. They depend only on ``seed``.

        Parameters
        ----------
        batch_size : `int`
            Number of samples per batch
        steps : `int`
            Number of batches; by default one pass over the images
        seed : `int`
            Seed of order, flips and shifts

        Output
        ------
        : `tf.data.Dataset`
            Batches of ``image`` [batch, 32, 32, 3], `float32` in [0, 1], and ``label`` [batch],
            `int32`
        """
        check_positive(batch_size=batch_size)
        images, labels = self._splits["train"]
        steps = max(1, len(labels) // batch_size) if steps is None else steps
        check_positive(steps=steps)
        key = derive_seed("cifar10", seed)
        passes = tf.data.Dataset.range(steps * batch_size // len(labels) + 1)

        def order(number: tf.Tensor) -> tf.data.Dataset:
            rows = tf.range(len(labels))
            shuffled = tf.random.experimental.stateless_shuffle(rows, [key, number])
            return tf.data.Dataset.from_tensor_slices(shuffled)

        with tf.device("CPU"):  # where tf.data runs
            images, labels = tf.constant(images), tf.constant(labels)

        def batch(number: tf.Tensor, rows: tf.Tensor) -> dict[str, tf.Tensor]:
            drawn = _shift_and_flip(tf.gather(images, rows), tf.stack([key + 1, number]))
            return _batch(drawn, tf.gather(labels, rows))

        rows = passes.flat_map(plain(order)).batch(batch_size, drop_remainder=True).take(steps)
        rows = rows.enumerate().map(plain(batch), num_parallel_calls=tf.data.AUTOTUNE)
        return rows.apply(tf.data.experimental.assert_cardinality(steps)).prefetch(2)

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each validation image once, in a fixed random order, without augmentation."""
        return self._each("validation", batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each test image once, in a fixed random order, without augmentation."""
        return self._each("test", batch_size)

    def _each(self, name: str, batch_size: int) -> tf.data.Dataset:
        images, labels = self._splits[name]
        drawn = in_fixed_order({"image": images, "label": labels}, name, batch_size)
        return drawn.map(plain(lambda batch: _batch(batch["image"], batch["label"])))


def _batch(images: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"image": tf.cast(images, tf.float32) / 255.0, "label": tf.cast(labels, tf.int32)}


def _shift_and_flip(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Shift images by up to ``MARGIN`` pixels along each axis, and mirror half of them."""
    batch, height, width = tf.unstack(tf.shape(images)[:3])
    seeds = tf.random.experimental.stateless_split(seed, 3)
    pad = [MARGIN, MARGIN]
    images = tf.pad(images, [[0, 0], pad, pad, [0, 0]], "REFLECT")
    down, right = (
        tf.random.stateless_uniform([batch, 1], seeds[n], 0, 2 * MARGIN + 1, tf.int32)
        for n in (0, 1)
    )
    mirrored = tf.random.stateless_uniform([batch, 1], seeds[2]) < 0.5
    columns = tf.where(mirrored, tf.range(width)[::-1], tf.range(width))
    images = tf.gather(images, down + tf.range(height), axis=1, batch_dims=1)
    return tf.gather(images, right + columns, axis=2, batch_dims=1)


def _hold_out(images: np.ndarray, labels: np.ndarray) -> dict[str, LabeledImages]:
    """Split off the last 15 % of each class for validation."""
    held = np.zeros(len(labels), bool)
    for number in range(len(CLASSES)):
        rows = np.flatnonzero(labels == number)
        held[rows[len(rows) - 3 * len(rows) // 20 :]] = True
    return {
        "train": (images[~held], labels[~held]),
        "validation": (images[held], labels[held]),
    }


@DATASETS.declare
class CIFAR10Data(FolderData):
    """Color images of ten classes (CIFAR-10), from JPEG files or Python batches."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)

    kind: Literal["cifar10"] = "cifar10"

    def load(self, models: Any = None) -> CIFAR10:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing
        """
        return CIFAR10(self.folder())
