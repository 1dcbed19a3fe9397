# SPDX-License-Identifier: Apache-2.0
"""Example of a data set: images with stripes, whose direction is the class."""

from typing import Any, ClassVar, Literal

import numpy as np
import tensorflow as tf
from pydantic import NonNegativeInt, PositiveInt

from sionna_semcom.datasets import DATASETS, Data, DataSettings, drawn_batches, each_once


@DATASETS.declare
class StripesData(DataSettings):
    """Images with horizontal or vertical stripes; nothing to download."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)

    kind: Literal["stripes"] = "stripes"
    size: PositiveInt = 8
    """Pixels of a side"""
    seed: NonNegativeInt = 0
    """Seed of the data"""

    def load(self, models: Any = None) -> "Stripes":
        """Draw the images."""
        return Stripes(self.size, self.seed)


class Stripes(Data):
    """Two hundred images of stripes in each split."""

    num_classes = 2

    def __init__(self, size: int, seed: int) -> None:
        self.checksums = {"stripes": f"{size}, {seed}"}
        self._size = size
        draw = np.random.default_rng(seed)
        self._splits = {name: _stripes(draw, size) for name in ("train", "validation", "test")}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of an image."""
        return {"image": (self._size, self._size, 1)}

    def train(
        self, batch_size: int = 100, steps: int | None = None, seed: int = 0
    ) -> tf.data.Dataset:
        """Batches for training, drawn by ``seed``."""
        return drawn_batches(self._splits["train"], batch_size, steps, seed)

    def validation(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every validation sample, once."""
        return each_once(self._splits["validation"], batch_size)

    def test(self, batch_size: int = 100) -> tf.data.Dataset:
        """Every test sample, once."""
        return each_once(self._splits["test"], batch_size)


def _stripes(draw: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    label = draw.integers(0, 2, 200).astype(np.int32)
    wave = np.cos(np.arange(size) * draw.uniform(0.5, 2.0, (200, 1)) + draw.uniform(0, 6, (200, 1)))
    image = np.broadcast_to(0.5 + 0.5 * wave[:, None, :, None], (200, size, size, 1))
    turned = np.where(label[:, None, None, None] == 1, image.swapaxes(1, 2), image)
    return {"image": turned.astype(np.float32), "label": label}
