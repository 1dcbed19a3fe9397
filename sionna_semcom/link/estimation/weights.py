# SPDX-License-Identifier: Apache-2.0
"""Reading of the weights of an estimator from the file of a trained system."""

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
_OF_LINKS = "layers/link_weights"  # group with the weights of links in files of systems


def read_weights(
    name_or_path: str | os.PathLike[str], seed: int, shapes: Sequence[tuple[int, ...]]
) -> list[np.ndarray]:
    """Read the weights with ``shapes`` of a layer in the link of a trained system.

    No code of the file is executed.

    Raises
    ------
    FileNotFoundError
        If neither a shipped model with this name and training seed nor the file exists
    ValueError
        If the file is damaged, or not exactly one layer has such weights
    """
    path = model_path(name_or_path, seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = _read(path, Path(folder) / _WEIGHTS)
        except Exception as error:  # damaged files can raise any error
            raise ValueError(f"The model in {path} is damaged: {brief(error, 400)}") from error
    fitting = [arrays for arrays in found if [array.shape for array in arrays] == list(shapes)]
    if len(fitting) != 1:
        raise ValueError(
            "`weights` must name a system whose link has one estimator of these settings. "
            f"Received: {path}, which has {len(fitting)}"
        )
    return fitting[0]


def _read(path: Path, extracted: Path) -> list[list[np.ndarray]]:
    """Weights of all layers of the link."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(_WEIGHTS)
        Budget(path).spend(info.file_size, _WEIGHTS)
        extracted.write_bytes(archive.read(info))
    message = "its weights are damaged"
    with open_hdf5(extracted, "file of weights", only_numbers=True, message=message) as file:
        return list(_layers(file[_OF_LINKS])) if _OF_LINKS in file else []


def _layers(group: h5py.Group) -> Iterator[list[np.ndarray]]:
    """Arrays of each layer in ``group`` at any depth, which Keras stores by number."""
    for name, item in group.items():
        if not isinstance(item, h5py.Group):
            continue
        if name == "vars" and len(item):
            arrays = [item[str(number)][()] for number in range(len(item))]
            if not all(np.isfinite(array).all() for array in arrays):
                raise ValueError(f"{item.name} contains NaN or infinity")
            yield arrays
        else:
            yield from _layers(item)
