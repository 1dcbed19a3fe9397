# SPDX-License-Identifier: Apache-2.0
"""HDF5 files of others, read without trust."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

_MOST_COMPRESSED = 2000  # deflate reaches 1032


@contextmanager
def open_hdf5(path: str | os.PathLike[str], what: str) -> Iterator[h5py.File]:
    """Open a file; what goes wrong while it is read is a `ValueError` that names it.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    what : `str`
        What it should be, for the message

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"No {what} {path}")
    try:
        with h5py.File(path) as file:
            yield file
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"`{path}` is damaged or no {what}: {error}") from error


def read_dataset(parent: h5py.Group, name: str) -> np.ndarray:
    """An array of numbers, bytes or strings below ``parent``.

    Raises
    ------
    ValueError
        If there is none, or it says that it holds far more than the file
    """
    dataset = parent.get(name)
    where = f"{parent.name}/{name}".strip("/")
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"it has no {where}")
    if dataset.nbytes > _MOST_COMPRESSED * os.path.getsize(parent.file.filename):
        raise ValueError(f"{where} says that it has {dataset.nbytes} bytes, more than the file can")
    kind = h5py.check_string_dtype(dataset.dtype)
    if kind is not None and kind.length is None:
        return np.asarray(dataset.asstr("utf-8", "replace")[()], object)
    return np.asarray(dataset[()])
