# SPDX-License-Identifier: Apache-2.0
"""The project's HDF5 layout of multimodal features."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from .._files import atomic_path
from .._hdf5 import open_hdf5, read_dataset
from .feature_split import LABELS, MODALITIES, RAW_TEXT, FeatureSplit
from .padding import front_lengths

_GROUPS = {"train": "train", "validation": "validation", "valid": "validation", "test": "test"}
_LENGTHS = "_lengths"
_COLUMNS = ("id", *LABELS.values(), RAW_TEXT)


def write_feature_file(
    path: str | os.PathLike[str],
    splits: Mapping[str, FeatureSplit],
    checksums: Mapping[str, str] | None = None,
) -> None:
    """Write splits, whole or not at all, as `read_feature_file` reads them."""
    text = h5py.string_dtype()
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for name, split in splits.items():
            group = file.create_group(name)
            for modality, values in split.features.items():
                # padding takes no space, and vectors hardly shrink
                packed = {"compression": "gzip", "shuffle": True} if values.ndim == 3 else {}
                group.create_dataset(modality, data=values, **packed)
            for modality, lengths in split.lengths.items():
                group[modality + _LENGTHS] = lengths
            for column, values in {LABELS[split.kind]: split.label, **split.others}.items():
                is_text = values.dtype.kind == "O"
                group.create_dataset(column, data=values, dtype=text if is_text else None)
            group.create_dataset("id", data=split.id, dtype=text)
        file.attrs["checksums"] = json.dumps(dict(checksums or {}))


def read_feature_file(
    path: str | os.PathLike[str], label: str | None = None
) -> tuple[dict[str, FeatureSplit], dict[str, str]]:
    """Read ``{train,valid,test}/{<modality>,<modality>_lengths,...}``.

    A group of a split (``validation`` is a name of ``valid``) has for its N samples

    - ``<modality>`` [N, D] or [N, T, D], numbers, any name but those below
    - ``<modality>_lengths`` [N], for sequences: number of real frames, which come first. Without
      it they end where only zeros follow. What the frames after them hold is not read
    - ``regression_labels`` [N] (scores in [-3, 3]) or ``classification_labels`` [N] (classes 0, 1,
      ...), or both
    - ``id`` [N], and ``raw_text`` [N] if there is one, strings

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    label : `None` | "regression" | "classification"
        Which label; by default the one that the file has, and the scores where it has both

    Output
    ------
    splits : `dict` of `FeatureSplit`
        ``train``, ``test`` and, if there is one, ``validation``
    checksums : `dict` of `str`
        SHA-256 of what the features come from, if the file says so

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged, or lacks something
    """
    with open_hdf5(path, "file of features") as file:
        groups = [name for name in _GROUPS if isinstance(file.get(name), h5py.Group)]
        names = [_GROUPS[name] for name in groups]
        if not {"train", "test"} <= set(names) or len(set(names)) < len(names):
            raise ValueError(f"it must have train, test and one valid, not {', '.join(file)}")
        splits = {_GROUPS[name]: _read_split(file[name], name, label) for name in groups}
        return splits, _checksums(file.attrs.get("checksums"))


def _read_split(group: h5py.Group, where: str, label: str | None) -> FeatureSplit:
    columns = {name: read_dataset(group, name) for name in _COLUMNS if name in group}
    rest = [name for name in group if name not in _COLUMNS]
    names = [name for name in rest if not _of_a_modality(name, rest)]
    features: dict[str, np.ndarray] = {}
    lengths: dict[str, np.ndarray] = {}
    try:
        for name in sorted(names, key=_usual_order):
            given = read_dataset(group, name + _LENGTHS) if name + _LENGTHS in rest else None
            features[name], frames = front_lengths(read_dataset(group, name), given, name)
            lengths |= {} if frames is None else {name: frames}
        return FeatureSplit.from_columns(features, lengths, columns, label)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _usual_order(name: str) -> tuple[int, str]:
    """Text, audio, vision and others; files themselves go by the alphabet."""
    return MODALITIES.index(name) if name in MODALITIES else len(MODALITIES), name


def _of_a_modality(name: str, names: Sequence[str]) -> bool:
    """If a name is that of a modality's lengths."""
    return name.endswith(_LENGTHS) and name.removesuffix(_LENGTHS) in names


def _checksums(text: Any) -> dict[str, str]:
    found = json.loads(text) if isinstance(text, str) else {}
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f"its checksums must be strings by file, not {text}")
    return found
