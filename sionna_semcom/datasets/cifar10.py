# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10: small color images of ten kinds of things."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import tensorflow as tf
from PIL import Image

from .._files import sha256
from .._limits import Budget, brief
from .._seeding import derive_seed
from .batches import check_positive, each_once, plain
from .data import Data
from .folder import FolderData
from .formats.restricted_pickle import read_pickle
from .ignored import IMAGES, warn_of_ignored
from .settings import DATASETS

CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
SHAPE = (32, 32, 3)
MARGIN = 4  # pixels by which a training image is shifted at most

LabeledImages = tuple[np.ndarray, np.ndarray]

_IMAGE_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_BYTES = 2**20  # of a file of 32 x 32 pixels


class CIFAR10(Data):
    """Color images of ten classes, 32 x 32 pixels.

    Three splits share no image. For validation, the last 15 % of the training images of each class
    are kept (7,500 of 50,000).

    Parameters
    ----------
    root : `str` or `PathLike`
        Folder that holds ``cifar10/cifar10-images.zip`` (JPEG or PNG files
        ``{train,test}/<class>/<number>.jpg``) or ``cifar-10-batches-py/`` (the files that the
        authors publish for Python, as Keras fetches them; arrays [n, 3, 32, 32] and [n, 32, 32, 3]
        are read as well as [n, 3072])

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the files that were read
    description : `str`
        What was read, in one line

    Raises
    ------
    FileNotFoundError
        If neither is there
    ValueError
        If a file is damaged, has arrays or images of other shapes, takes more memory than
        :class:`~sionna_semcom._limits.Budget` gives, or a class has no image
    """

    num_classes = len(CLASSES)

    def __init__(self, root: str | os.PathLike[str]) -> None:
        archive = Path(root) / "cifar10" / "cifar10-images.zip"
        batches = Path(root) / "cifar-10-batches-py"
        if archive.is_file():
            splits = {name: _read_archive(archive, name) for name in ("train", "test")}
            self.checksums = {archive.name: sha256(archive)}
        elif batches.is_dir():
            files = {
                "train": [batches / f"data_batch_{n}" for n in range(1, 6)],
                "test": [batches / "test_batch"],
            }
            splits = {name: _read_batches(paths) for name, paths in files.items()}
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
        """All images [num_images, 32, 32, 3] in [0, 1], as they are, and labels [num_images].

        ``split`` is "train", "validation" or "test".
        """
        if split not in self._splits:
            raise ValueError(f"`split` must be one of {list(self._splits)}. Received: {split!r}")
        images, labels = self._splits[split]
        return images.astype(np.float32) / 255.0, labels

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, each image flipped and shifted at random.

        Images are drawn without replacement until all were drawn, and then again. What is drawn
        depends on ``seed`` alone.

        Parameters
        ----------
        batch_size : `int`
            Samples a batch
        steps : `int`
            Batches; by default as many as the images fill
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
        """Every validation image once, as it is."""
        return self._each("validation", batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every test image once, as it is."""
        return self._each("test", batch_size)

    def _each(self, name: str, batch_size: int) -> tf.data.Dataset:
        images, labels = self._splits[name]
        drawn = each_once({"image": images, "label": labels}, batch_size)
        return drawn.map(plain(lambda batch: _batch(batch["image"], batch["label"])))


def _batch(images: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"image": tf.cast(images, tf.float32) / 255.0, "label": tf.cast(labels, tf.int32)}


def _shift_and_flip(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Shift every image by up to ``MARGIN`` pixels each way, and mirror half of them."""
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
    """Keep the last 15 % of every class for validation."""
    held = np.zeros(len(labels), bool)
    for number in range(len(CLASSES)):
        rows = np.flatnonzero(labels == number)
        held[rows[len(rows) - 3 * len(rows) // 20 :]] = True
    return {
        "train": (images[~held], labels[~held]),
        "validation": (images[held], labels[held]),
    }


def _read_archive(path: Path, split: str) -> LabeledImages:
    images: list[np.ndarray] = []
    labels: list[int] = []
    budget = Budget(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.startswith(f"{split}/")]
            members.sort(key=lambda member: member.filename)
            for number, kind in enumerate(CLASSES):
                for member in members:
                    if member.filename.startswith(f"{split}/{kind}/") and _kind(member):
                        images.append(_read_image(archive, member, budget))
                        labels.append(number)
    except Exception as error:  # a damaged archive can raise anything
        raise ValueError(f"`{path}` is damaged: {brief(error, 300)}") from error
    warn_of_ignored((member.filename for member in members), IMAGES, path)
    return _checked(images, labels, path)


def _kind(member: zipfile.ZipInfo) -> str:
    """Format of an image by the suffix of its name, empty if it is no image that is read."""
    return _IMAGE_FORMATS.get(os.path.splitext(member.filename)[1].lower(), "")


def _read_image(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> np.ndarray:
    """One image, of which no more is unpacked or decoded than an image of CIFAR-10 has."""
    if member.file_size > _MOST_BYTES or member.compress_type not in _PACKED:
        raise ValueError(
            f"{brief(member.filename)} must be a file of at most {_MOST_BYTES} bytes, stored or "
            f"deflated. Received: {member.file_size}, method {member.compress_type}"
        )
    budget.spend(member.file_size, "its images")
    content = io.BytesIO(archive.read(member))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are checked below
        image = Image.open(content, formats=[_kind(member)])
    with image:
        shape = (image.height, image.width, len(image.getbands()))
        if shape != SHAPE:
            raise ValueError(
                f"{brief(member.filename)} must be one of the images of shape {SHAPE}. "
                f"Received: {shape}"
            )
        return np.asarray(image)


def _read_batches(paths: list[Path]) -> LabeledImages:
    images: list[np.ndarray] = []
    labels: list[int] = []
    for path in paths:
        content = read_pickle(path)
        try:
            pixels, kinds = _by_pixel(content[b"data"]), np.asarray(content[b"labels"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(
                f"`{path}` is no batch of CIFAR-10: {type(error).__name__}: {brief(error, 300)}"
            ) from error
        fits = pixels.dtype == np.uint8 and kinds.shape == pixels.shape[:1]
        if not fits or kinds.dtype.kind not in "iu" or kinds.min(initial=0) < 0:
            raise ValueError(
                f"`{path}` must hold as many labels 0, 1, ... as images of bytes. Received: "
                f"{kinds.shape} and {pixels.shape} of {pixels.dtype}"
            )
        images += list(pixels)
        labels += kinds.tolist()
    return _checked(images, labels, paths[0].parent)


def _by_pixel(pixels: np.ndarray) -> np.ndarray:
    """Images [n, 32, 32, 3] of the published order [n, 3 x 32 x 32], or of one that is as clear."""
    if pixels.shape[1:] == SHAPE:
        return pixels
    if pixels.shape[1:] in ((3072,), (3, 32, 32)):
        return pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    raise ValueError(
        f"images must have shape [n, 3072], [n, 3, 32, 32] or [n, 32, 32, 3]. "
        f"Received: {pixels.shape}"
    )


def _checked(images: list[np.ndarray], labels: list[int], path: Path) -> LabeledImages:
    counts = [0] * len(CLASSES)
    for label in labels:
        if label >= len(CLASSES):
            raise ValueError(f"`{path}` must hold images of ten classes. Received: label {label}")
        counts[label] += 1
    if not all(counts):
        raise ValueError(f"`{path}` must hold images of ten classes. Received: {counts}")
    return np.stack(images), np.asarray(labels, np.uint8)


@DATASETS.declare
class CIFAR10Data(FolderData):
    """Color images of ten classes (CIFAR-10), as JPEG files or as Python batches."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)

    kind: Literal["cifar10"] = "cifar10"

    def load(self, models: Any = None) -> CIFAR10:
        """Read the data.

        Raises
        ------
        FileNotFoundError
            If no folder is given, or a file is missing in it
        """
        return CIFAR10(self.folder())
