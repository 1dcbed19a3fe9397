# SPDX-License-Identifier: Apache-2.0
"""Trifeature: pairs of images with a common shape and individual textures and colors."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from ..._files import atomic_hdf5
from ..._hdf5 import open_hdf5, read_dataset
from ..._seeding import derive_seed
from ..batches import check_positive, drawn_batches, each_once, plain
from ..data import Data
from .drawing import SHAPES, draw

Question = Literal["unique", "synergy"]
Arrays = dict[str, np.ndarray]

_VERSION = 1  # version of the images; a different version is a different data set
_NUM = len(SHAPES)
_LABELS = ("shape", "texture_1", "texture_2", "color_1", "color_2", "obeys")
_LABEL = {"unique": "shape", "synergy": "obeys"}
_PARTS = {
    "unique": {
        "redundant": "shape",
        "unique_image_1": "texture_1",
        "unique_image_2": "texture_2",
    },
    "synergy": {"synergistic": "obeys"},
}


class Trifeature(Data):
    """Pairs of images with the same shape and individual textures and colors.

    - ``"unique"``: textures and colors are drawn independently. The targets are the shape of both
      images (redundant) and the texture of each image (unique).
    - ``"synergy"``: in training pairs, a fixed mapping determines the color of the second image
      from the texture of the first. The target is whether a pair satisfies the mapping
      (synergistic), which cannot be inferred from one image. Half of the pairs for probes,
      validation and test satisfy it.

    A batch is a dictionary of ``image_1`` and ``image_2`` [batch, size, size, 3], `float32` in
    [0, 1], of ``shape``, ``texture_1``, ``texture_2``, ``color_1``, ``color_2`` and ``obeys``
    [batch], `int32`, and of ``label`` [batch], which is ``shape`` or ``obeys``.

    Source: Dufumier et al., "What to align in multimodal contrastive learning?", ICLR 2025, after
    Hermann and Lampinen, "What shapes feature representations?", NeurIPS 2020. The data set is not
    published, so the images are drawn by :func:`~sionna_semcom.datasets.draw`.

    Parameters
    ----------
    question : "unique" (default) | "synergy"
        Selected data set
    size : `int`
        Number of pixels per side
    num_train, num_probing, num_validation, num_test : `int`
        Number of pairs in each split; ``num_probing`` pairs are for probes of synergy, which need
        pairs that do not satisfy the mapping
    seed : `int`
        Seed of the data
    cache : `None` | `str` | `PathLike`
        Folder for the images; `None` disables the cache

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of the arguments that determine the training pairs
    num_classes : `int`
        Number of classes of ``label``
    labels : `dict` of `int`
        Number of classes of all labels of a pair

    Raises
    ------
    ValueError
        If ``question`` is unknown, or a size or number is not positive
    """

    def __init__(
        self,
        question: Question = "unique",
        *,
        size: int = 32,
        num_train: int = 10_000,
        num_probing: int = 10_000,
        num_validation: int = 2_000,
        num_test: int = 4_096,
        seed: int = 0,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        if question not in get_args(Question):
            raise ValueError(
                f"`question` must be one of {', '.join(get_args(Question))}. Received: {question!r}"
            )
        counts = {
            "train": num_train,
            "probing": num_probing,
            "validation": num_validation,
            "test": num_test,
        }
        check_positive(size=size, **{f"num_{name}": count for name, count in counts.items()})
        self.question, self.size = question, size
        self._seed = seed
        if question == "unique":
            del counts["probing"]
        identity = {"question": question, "size": size, "seed": seed, "version": _VERSION}
        self.checksums = {"trifeature": _digest({**identity, "train": num_train})}
        self.labels = dict.fromkeys(_LABELS, _NUM) | {"obeys": 2}
        self.num_classes = self.labels[_LABEL[question]]
        cached = _digest(identity | counts | {"labels": _LABELS})
        path = None if cache is None else Path(cache) / f"trifeature-{cached}.h5"
        if path is not None and path.exists():
            self._splits = _read(path, counts)
        else:
            self._splits = {name: self._draw(name, count) for name, count in counts.items()}
            if path is not None:
                _write(path, self._splits)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one sample of each modality."""
        return dict.fromkeys(("image_1", "image_2"), (self.size, self.size, 3))

    def parts(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Classes [batch] of the targets of each pair of ``batch``."""
        return {part: batch[key] for part, key in _PARTS[self.question].items()}

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn without replacement in each pass over the pairs."""
        key = derive_seed("trifeature", seed)
        return drawn_batches(self._splits["train"], batch_size, steps, key).map(plain(self._batch))

    def probing(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each pair for training probes once: the training pairs, except for synergy."""
        return self._each("probing" if "probing" in self._splits else "train", batch_size)

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each validation pair once."""
        return self._each("validation", batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Return each test pair once."""
        return self._each("test", batch_size)

    def _each(self, split: str, batch_size: int) -> tf.data.Dataset:
        return each_once(self._splits[split], batch_size).map(plain(self._batch))

    def _batch(self, drawn: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        pictures = {name: tf.cast(drawn[name], tf.float32) / 255.0 for name in self.shapes}
        return {**drawn, **pictures, "label": drawn[_LABEL[self.question]]}

    def _draw(self, split: str, count: int) -> Arrays:
        generator = np.random.default_rng(
            derive_seed("trifeature", self.question, split, self._seed)
        )
        classes = self._classes(split, count, generator)
        pictures = {
            f"image_{n}": draw(
                classes["shape"],
                classes[f"texture_{n}"],
                classes[f"color_{n}"],
                self.size,
                generator,
            )
            for n in (1, 2)
        }
        return pictures | classes

    def _classes(self, split: str, count: int, generator: np.random.Generator) -> Arrays:
        drawn = generator.integers(_NUM, size=(len(_LABELS) - 1, count))
        classes = dict(zip(_LABELS, drawn, strict=False))
        mapping = np.random.default_rng(derive_seed("mapping", self._seed)).permutation(_NUM)
        wanted = mapping[classes["texture_1"]]
        if self.question == "synergy":
            wrong = generator.permutation(np.arange(count) % 2) * (split != "train")
            classes["color_2"] = (wanted + wrong * generator.integers(1, _NUM, count)) % _NUM
        classes["obeys"] = classes["color_2"] == wanted
        return {name: values.astype(np.int32) for name, values in classes.items()}


def _digest(settings: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _write(path: Path, splits: Mapping[str, Arrays]) -> None:
    with atomic_hdf5(path) as file:
        for split, arrays in splits.items():
            for name, values in arrays.items():
                file[f"{split}/{name}"] = values


def _read(path: Path, counts: Mapping[str, int]) -> dict[str, Arrays]:
    names = ("image_1", "image_2", *_LABELS)
    with open_hdf5(path, "file of pictures") as file:
        splits = {
            split: {name: read_dataset(file, f"{split}/{name}") for name in names}
            for split in counts
        }
        for split, count in counts.items():
            sizes = {name: len(values) for name, values in splits[split].items()}
            if set(sizes.values()) != {count}:
                raise ValueError(f"{split} must hold {count} pairs. Received: {sizes}")
    return splits
