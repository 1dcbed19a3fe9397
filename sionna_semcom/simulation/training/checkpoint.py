# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: weights and optimizer state from which training can be resumed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from ..._files import atomic_hdf5, reserve
from ..._hdf5 import open_hdf5


def save_weights(system: keras.Model, path: Path, attributes: dict[str, Any]) -> None:
    """Save weights, the state of the optimizer (if compiled) and ``attributes``."""
    # Keras writes to the disk, and the HDF5 library crashes if the disk is full
    reserve(tempfile.gettempdir(), most_bytes(system))
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.weights.h5"
        system.save_weights(plain)
        with atomic_hdf5(path) as target:
            copy_compressed(plain, target)
            target.attrs.update(attributes)


def load_weights(system: keras.Model, path: Path) -> dict[str, Any]:
    """Load a file of :func:`save_weights`, and return its attributes.

    Raises
    ------
    ValueError
        If the file is damaged, contains NaN or infinity, or belongs to another model. The message
        names the file.
    """
    message = f"The weights in {path} are damaged"
    with open_hdf5(path, "file of weights", only_numbers=True, message=message) as file:
        attributes = dict(file.attrs)
        check_finite(file, path)
    load_checked(system, path, path)
    return attributes


def load_checked(system: keras.Model, weights: Path, path: Path) -> None:
    """Load the checked file ``weights``, a copy of ``path``, into ``system``.

    Raises
    ------
    ValueError
        If the weights belong to another model
    """
    try:
        system.load_weights(weights)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"The weights in {path} are damaged or not of this model: {error}"
        ) from error


def attributes_of(path: Path) -> dict[str, Any]:
    """Attributes of a file of :func:`save_weights`."""
    message = f"The weights in {path} are damaged"
    with open_hdf5(path, "file of weights", only_numbers=True, message=message) as file:
        return dict(file.attrs)


def has_attributes(path: Path, expected: Mapping[str, Any]) -> bool:
    """Whether the file has the ``expected`` attributes.

    Raises
    ------
    ValueError
        If the file is damaged
    """
    found = attributes_of(path)
    return all(np.array_equal(found.get(name, ()), value) for name, value in expected.items())


def check_finite(file: h5py.File, path: Path) -> None:
    """Raise a `ValueError` that names ``path`` if an array of ``file`` has NaN or infinity."""

    def broken(name: str, item: h5py.Group | h5py.Dataset) -> str | None:
        numeric = isinstance(item, h5py.Dataset) and item.dtype.kind in "fc"
        return name if numeric and not np.isfinite(item[()]).all() else None

    name = file.visititems(broken)
    if name is not None:
        raise ValueError(f"The weights in {path} must be finite. Received: NaN or inf in {name}")


def most_bytes(system: keras.Model) -> int:
    """Upper bound of the size of Keras' weights file, with the optimizer state [bytes]."""
    moments = system.optimizer.variables if system.compiled else ()
    variables = [*system.variables, *moments]
    return sum(2**12 + variable.numpy().nbytes for variable in variables)


def copy_compressed(plain: Path, target: h5py.File) -> None:
    """Copy the content of the HDF5 file ``plain`` to ``target``, with compressed arrays."""

    def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            packing = {"compression": "gzip", "shuffle": True} if item.ndim else {}
            made = target.create_dataset(name, data=item[()], **packing)
        else:
            made = target.require_group(name)
        made.attrs.update(item.attrs)

    with h5py.File(plain) as source:
        source.visititems(copy)
        target.attrs.update(source.attrs)


def bfloat16(weight: np.ndarray) -> np.ndarray:
    """Round to bfloat16, which halves the compressed size. The result has the original type."""
    return weight.astype(tf.bfloat16.as_numpy_dtype).astype(weight.dtype)
