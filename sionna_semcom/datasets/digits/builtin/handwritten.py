# SPDX-License-Identifier: Apache-2.0
"""Handwritten digits of scikit-learn."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

HANDWRITTEN_DIGITS = Path(str(files("sklearn.datasets.data") / "digits.csv.gz"))
_TRAIN, _VALIDATION = 1297, 100


def read_handwritten() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Training, validation and test images with their labels.

    1,797 images [8, 8], `float32` in [0, 1]. They are split in their original order (1,297, 100 and
    400), because neighboring images are from the same writer. In a random split, training and test
    images would be from the same writers.
    """
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)
    bounds = [_TRAIN, _TRAIN + _VALIDATION]
    parts = zip(np.split(images, bounds), np.split(digits.target, bounds), strict=True)
    return dict(zip(("train", "validation", "test"), parts, strict=True))
