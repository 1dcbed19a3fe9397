# SPDX-License-Identifier: Apache-2.0
"""Weights of an estimator, out of the file of a system that was trained over a link with it."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from ..._hdf5 import open_hdf5
from ..._limits import Budget, brief
from ..._models import model_path

_WEIGHTS = "model.weights.h5"
_OF_LINKS = "layers/link_weights"  # where systems keep what their links hold


def read_weights(
    name_or_path: str | os.PathLike[str], seed: int, shapes: Sequence[tuple[int, ...]]
) -> list[np.ndarray]:
    """Weights of the layer in the link of a trained system whose weights have ``shapes``.

    Nothing of the file is executed.

    Raises
    ------
    FileNotFoundError
        If there is neither a shipped model of the name and training seed, nor such a file
    ValueError
        In one line, if the file is damaged, or not exactly one layer has such weights
    """
    path = model_path(name_or_path, seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = _read(path, Path(folder) / _WEIGHTS)
        except Exception as error:  # a damaged file can raise anything
            raise ValueError(f"The model in {path} is damaged: {brief(error, 400)}") from error
    fitting = [arrays for arrays in found if [array.shape for array in arrays] == list(shapes)]
    if len(fitting) != 1:
        raise ValueError(
            "`weights` must name a system whose link has one estimator of these settings. "
            f"Received: {path}, which has {len(fitting)}"
        )
    return fitting[0]


def _read(path: Path, extracted: Path) -> list[list[np.ndarray]]:
    """Weights of all layers of the link, one after the other."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(_WEIGHTS)
        Budget(path).spend(info.file_size, _WEIGHTS)
        extracted.write_bytes(archive.read(info))
    message = "its weights are damaged"
    with open_hdf5(extracted, "file of weights", only_numbers=True, message=message) as file:
        return list(_layers(file[_OF_LINKS])) if _OF_LINKS in file else []


def _layers(group: h5py.Group) -> Iterator[list[np.ndarray]]:
    """Arrays of each layer in ``group``, at any depth, which Keras keeps by number."""
    for name, item in group.items():
        if not isinstance(item, h5py.Group):
            continue
        if name == "vars" and len(item):
            arrays = [item[str(number)][()] for number in range(len(item))]
            if not all(np.isfinite(array).all() for array in arrays):
                raise ValueError(f"{item.name} holds NaN or infinity")
            yield arrays
        else:
            yield from _layers(item)
