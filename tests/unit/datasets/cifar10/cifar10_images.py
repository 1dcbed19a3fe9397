# SPDX-License-Identifier: Apache-2.0
"""Small image files in both layouts of CIFAR-10."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sionna_semcom.datasets import CIFAR10
from sionna_semcom.datasets.cifar10.files import CLASSES

ROWS, COLUMNS = np.mgrid[:32, :32]


def jpeg(level, size=(32, 32), mode="RGB", kind="JPEG"):
    """A gray image, which JPEG preserves up to one of 255 levels."""
    buffer = io.BytesIO()
    image = np.full((*size, 3), level, np.uint8)
    Image.fromarray(image).convert(mode).save(buffer, kind, quality=100)
    return buffer.getvalue()


def write_zip(root, left_out=(), **others):
    """20 training and 2 test images per class, with their index as brightness, in reverse order."""
    path = Path(root) / "cifar10" / "cifar10-images.zip"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "Not an image")
        for split, count in (("test", 2), ("train", 20)):
            for number, kind in reversed(list(enumerate(CLASSES))):
                for n in reversed(range(count)):
                    name = f"{split}/{kind}/{n:04d}.jpg"
                    if not any(part in name for part in left_out):
                        archive.writestr(name, others.get(kind) or jpeg(20 * number + n))
    return path


def write_batches(root, changes=None):
    """200 training and 50 test images, whose colors are row, column and index of the image."""
    folder = Path(root) / "cifar-10-batches-py"
    folder.mkdir(exist_ok=True)
    files = [f"data_batch_{n}" for n in range(1, 6)]
    for first, name in [*((40 * n, file) for n, file in enumerate(files)), (200, "test_batch")]:
        numbers = first + np.arange(40 if first < 200 else 50)
        data = np.zeros((len(numbers), 3, 32, 32), np.uint8)
        data[:, 0], data[:, 1], data[:, 2] = ROWS, COLUMNS, numbers[:, None, None]
        content = {b"data": data.reshape(len(data), -1), b"labels": [int(n % 10) for n in numbers]}
        if name == "data_batch_3":
            content |= changes or {}
        (folder / name).write_bytes(pickle.dumps({b"batch_label": b"", **content}, 2))
    return folder


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    root = tmp_path_factory.mktemp("batches")
    write_batches(root)
    return CIFAR10(root)
