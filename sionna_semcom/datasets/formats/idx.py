# SPDX-License-Identifier: Apache-2.0
"""Reader of the IDX format of MNIST and similar data sets."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..._limits import Budget

_UNSIGNED_BYTES = 0x08
_MOST_DIMENSIONS = 32  # limit of NumPy before version 2
_BLOCK = 2**20
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
        Values

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, is not an IDX file of unsigned bytes, does not have the length in
        its header, or exceeds the memory limit of :class:`~sionna_semcom._limits.Budget`
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No IDX file {path}")
    try:
        opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as file:
            return _read(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"`{path}` must be a whole gzip file. Received: {error}") from error


def _read(file: IO[bytes], path: Path) -> np.ndarray:
    """Read at most the size in the header, because a small gzip file can be very large unpacked."""
    start = file.read(4)
    rank = start[3] if len(start) > 3 else 0
    if start[:3] != bytes([0, 0, _UNSIGNED_BYTES]) or not 0 < rank <= _MOST_DIMENSIONS:
        raise ValueError(
            f"`{path}` must start with the bytes 00 00 08 and a number of dimensions up to "
            f"{_MOST_DIMENSIONS} (IDX of unsigned bytes). Received: {start.hex(' ')}"
        )
    sizes = file.read(4 * rank)
    shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))
    wanted = math.prod(shape)
    Budget(path).spend(math.prod(max(1, size) for size in shape), f"`{path}` of shape {shape}")
    raw = bytearray()
    while len(raw) <= wanted and (block := file.read(min(_BLOCK, wanted + 1 - len(raw)))):
        raw += block
    if len(raw) != wanted or len(sizes) < 4 * rank:
        found = f"{len(raw)} bytes" if len(raw) <= wanted else "more bytes"
        raise ValueError(
            f"`{path}` must hold as many values as its header says, shape {shape}. "
            f"Received: {found} behind the header"
        )
    return np.frombuffer(raw, np.uint8).reshape(shape)


def read_mnist(folder: str | os.PathLike[str], split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels of a split of MNIST or a data set in the same format.

    Parameters
    ----------
    folder : `str` or `PathLike`
        Folder with the four files under their standard names
    split : "train" | "test"
        Split to read

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
        If a file is damaged, or images and labels do not match
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
    """Paths of the image and label files of ``split``."""
    stem = _MNIST_NAMES[split]
    return (
        Path(folder) / f"{stem}-images-idx3-ubyte.gz",
        Path(folder) / f"{stem}-labels-idx1-ubyte.gz",
    )
