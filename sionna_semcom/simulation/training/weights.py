# SPDX-License-Identifier: Apache-2.0
"""Files of trained models."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from ..._files import atomic_path, reserve
from ..._hdf5 import open_hdf5, read_json
from ..._limits import Budget, brief
from ...link import LINKS, AWGNLink, Link
from ...systems import SYSTEMS
from .checkpoint import check_finite, copy_compressed, load_checked, most_bytes

_CONFIG, _WEIGHTS, _PROVENANCE = "config.json", "model.weights.h5", "provenance.json"
_ENTRIES = {"metadata.json", _CONFIG, _WEIGHTS, _PROVENANCE}
_MAX_CONFIG = 2**22  # bytes; 11,000 are the most so far


def save_model(
    system: keras.Model, path: str | Path, provenance: Mapping[str, str] | None = None
) -> None:
    """Save a system like ``system.save``, atomically and with compressed weights.

    Parameters
    ----------
    system : `keras.Model`
        The system, with its link
    path : `str` or `Path`
        File with the suffix ``.keras``
    provenance : `None` | `dict` of `str`
        Origin of the system, such as settings and checksums of data. It is stored in the file.

    Raises
    ------
    OSError
        If the file cannot be written
    """
    reserve(tempfile.gettempdir(), 2 * most_bytes(system))
    with tempfile.TemporaryDirectory() as folder, atomic_path(path) as target:
        plain = Path(folder) / "plain.keras"
        keras.saving.save_model(system, plain)
        weights, small = Path(folder) / _WEIGHTS, Path(folder) / "small.h5"
        with zipfile.ZipFile(plain) as archive:
            entries = {name: archive.read(name) for name in ("metadata.json", _CONFIG)}
            weights.write_bytes(archive.read(_WEIGHTS))
        with h5py.File(small, "w") as compressed:
            copy_compressed(weights, compressed)
        entries[_PROVENANCE] = json.dumps(dict(provenance or {})).encode()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
            # Keras reads uncompressed entries without a copy
            archive.write(small, _WEIGHTS, zipfile.ZIP_STORED)


def load_model(path: str | Path, link: Link | None = None) -> Any:
    """Load a system that ``system.save`` or :func:`save_model` saved. The file need not be trusted.

    Register your own classes and functions with Keras before
    (`keras.saving.register_keras_serializable`). Parts of this package and of its plugins are
    registered.

    Parameters
    ----------
    path : `str` or `Path`
        The file
    link : `None` | :class:`~sionna_semcom.link.Link`
        Link that replaces the saved link, which is then not built. By default the saved link is
        used.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, needs a class that is not registered, refers to other files, or
        takes more memory than the limit of :class:`~sionna_semcom._limits.Budget`
    """
    for registry in (LINKS, SYSTEMS):
        registry.items()  # imports the parts of plugins
    with tempfile.TemporaryDirectory() as folder:
        try:
            checked = _checked_copy(Path(path), Path(folder), link is not None)
            system = keras.saving.load_model(checked, safe_mode=True)
        except FileNotFoundError:
            raise
        except Exception as error:  # a damaged file can raise anything
            raise ValueError(f"The model in {path} cannot be loaded: {_reason(error)}") from error
    if link is not None:
        system.link = link
    return system


def provenance_of(path: str | Path) -> dict[str, str]:
    """Origin of a system as stored by :func:`save_model`. Empty for a file of ``system.save``.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged
    """
    with _naming_damage(path), zipfile.ZipFile(_existing(path)) as archive:
        if _PROVENANCE not in archive.namelist():
            return {}
        found = read_json(_read(archive, _PROVENANCE), _PROVENANCE)
        if not isinstance(found, dict) or not all(isinstance(x, str) for x in found.values()):
            raise ValueError(f"{_PROVENANCE} must contain strings by name")
        return found


@contextlib.contextmanager
def _naming_damage(path: str | Path) -> Iterator[None]:
    """Convert all errors of a damaged file to a `ValueError` that names it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"The model in {path} is damaged: {brief(error, 500)}") from error


def _existing(path: str | Path) -> Path:
    if not Path(path).is_file():
        raise FileNotFoundError(f"No model {path}")
    return Path(path)


def _checked_copy(path: Path, folder: Path, over_another_link: bool) -> Path:
    """Copy of the file in ``folder`` that contains only its checked entries."""
    weights, metadata, config = _checked_parts(path, folder)
    if over_another_link:
        config["config"]["link"] = keras.saving.serialize_keras_object(AWGNLink())
    checked = folder / "checked.keras"
    with zipfile.ZipFile(checked, "w") as archive:
        archive.writestr("metadata.json", metadata)
        archive.writestr(_CONFIG, json.dumps(config))
        archive.write(weights, _WEIGHTS)
    return checked


def _checked_parts(path: Path, folder: Path) -> tuple[Path, bytes, Any]:
    """Checked weights (a file in ``folder``), metadata and configuration of a saved model."""
    weights = folder / _WEIGHTS
    with zipfile.ZipFile(_existing(path)) as archive:
        names = archive.namelist()
        if len(set(names)) < len(names) or not {_CONFIG, _WEIGHTS} <= set(names) <= _ENTRIES:
            raise ValueError(f"it must contain {', '.join(sorted(_ENTRIES))}, each once")
        metadata = _read(archive, "metadata.json")
        config = read_json(_read(archive, _CONFIG), _CONFIG)
        _refuse_lambdas(config)
        info = archive.getinfo(_WEIGHTS)
        Budget(path).spend(info.file_size, _WEIGHTS)
        weights.write_bytes(archive.read(info))
    message = "its weights are damaged"
    with open_hdf5(weights, "file of weights", only_numbers=True, message=message) as file:
        _refuse_links(file)
        check_finite(file, path)
    return weights, metadata, config


def _refuse_links(group: h5py.Group) -> None:
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{brief(name)} is a link, which is not allowed in weights")
        if isinstance(item := group[name], h5py.Group):
            _refuse_links(item)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > _MAX_CONFIG:
        raise ValueError(f"{name} has {info.file_size} bytes, more than {_MAX_CONFIG}")
    return archive.read(info)


def _refuse_lambdas(config: Any) -> None:
    """Reject lambdas with a one-line message; Keras' own message has several lines."""
    if isinstance(config, dict):
        if config.get("class_name") in ("__lambda__", "Lambda"):
            raise ValueError("it contains a lambda, which is code and therefore not loaded")
        config = list(config.values())
    if isinstance(config, list):
        for one in config:
            _refuse_lambdas(one)


def _reason(error: Exception) -> str:
    """Original cause of ``error`` in one line."""
    while isinstance(behind := error.__cause__ or error.__context__, Exception):
        error = behind
    return brief(str(error) or type(error).__name__, 400)


def load_trained(system: keras.Model, path: Path) -> None:
    """Load the weights of a file of :func:`save_model` into a ``system`` of the same settings.

    Raises
    ------
    ValueError
        If the file is damaged, contains NaN or infinity, or belongs to another model. The message
        names the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        with _naming_damage(path):
            weights, _, _ = _checked_parts(path, Path(folder))
        load_checked(system, weights, path)


def weights_digest(system: keras.Model, first: bytes = b"") -> str:
    """SHA-256 of ``first`` and the weights of a trained system."""
    digest = hashlib.sha256(first)
    for weight in system.get_weights():
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()
