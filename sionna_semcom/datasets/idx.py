# SPDX-License-Identifier: Apache-2.0
"""The IDX format, in which MNIST and its relatives are published."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

_UNSIGNED_BYTES = 0x08
_MNIST_NAMES = {"train": "train", "test": "t10k"}


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped if its name ends in ``.gz``.

    Parameters
    ----------
    path : `str` or `PathLike`
        File: two zero bytes, the type (8), the number of dimensions, the dimensions (big-endian,
        32 bits each), and the values

    Output
    ------
    : [dim_1, ..., dim_n], `uint8`
        The values

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged, is no IDX file of unsigned bytes, or is longer or shorter than its
        header says
    """
    path = Path(path)
    raw = path.read_bytes()
    if path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"`{path}` must be a whole gzip file. Received: {error}") from error
    magic, rank = raw[:3], raw[3] if len(raw) > 3 else 0
    if magic != bytes([0, 0, _UNSIGNED_BYTES]) or rank == 0:
        raise ValueError(
            f"`{path}` must start with the bytes 00 00 08 and a number of dimensions "
            f"(IDX of unsigned bytes). Received: {raw[:4].hex(' ')}"
        )
    header = 4 + 4 * rank
    shape = tuple(int.from_bytes(raw[i : i + 4], "big") for i in range(4, header, 4))
    if len(raw) != header + math.prod(shape):
        raise ValueError(
            f"`{path}` must hold as many values as its header says, shape {shape}. "
            f"Received: {len(raw) - header} bytes behind the header"
        )
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def read_mnist(folder: str | os.PathLike[str], split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of one split of MNIST, or of a set published like it.

    Parameters
    ----------
    folder : `str` or `PathLike`
        Folder of the four files under their standard names
    split : "train" | "test"
        Which two of them

    Output
    ------
    images : [num_images, height, width], `uint8`
        Grey values
    labels : [num_images], `uint8`
        Classes

    Raises
    ------
    FileNotFoundError
        If a file is missing
    ValueError
        If a file is damaged, or images and labels do not belong together
    """
    image_path, label_path = mnist_files(folder, split)
    images, labels = read_idx(image_path), read_idx(label_path)
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise ValueError(
            f"`{image_path}` must hold [num_images, height, width] and `{label_path}` as many "
            f"labels. Received: shapes {images.shape} and {labels.shape}"
        )
    return images, labels


def mnist_files(folder: str | os.PathLike[str], split: str) -> tuple[Path, Path]:
    """Paths of the image file and the label file of ``split``."""
    stem = _MNIST_NAMES[split]
    return (
        Path(folder) / f"{stem}-images-idx3-ubyte.gz",
        Path(folder) / f"{stem}-labels-idx1-ubyte.gz",
    )
