# SPDX-License-Identifier: Apache-2.0
"""HDF5 format of multimodal features."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Mapping, Sequence

import h5py
import numpy as np

from ..._files import atomic_hdf5
from ..._hdf5 import open_hdf5, read_checksums, read_dataset
from ..._messages import listed
from .names import LENGTHS, check_no_label, modalities_of, note_on_rest
from .padding import front_lengths, padded_in_front
from .split import LABELS, MODALITIES, RAW_TEXT, FeatureSplit
from .split_names import note_of, split_names

_COLUMNS = ("id", *LABELS.values(), RAW_TEXT)


def write_feature_file(
    path: str | os.PathLike[str],
    splits: Mapping[str, FeatureSplit],
    checksums: Mapping[str, str] | None = None,
) -> None:
    """Write splits atomically for `read_feature_file`."""
    text = h5py.string_dtype()
    with atomic_hdf5(path) as file:
        for name, split in splits.items():
            group = file.create_group(name)
            for modality, values in split.features.items():
                # compression removes padding, but hardly reduces vectors
                packed = {"compression": "gzip", "shuffle": True} if values.ndim == 3 else {}
                group.create_dataset(modality, data=values, **packed)
            for modality, lengths in split.lengths.items():
                group[modality + LENGTHS] = lengths
            for column, values in {LABELS[split.kind]: split.label, **split.others}.items():
                is_text = values.dtype.kind == "O"
                group.create_dataset(column, data=values, dtype=text if is_text else None)
            group.create_dataset("id", data=split.id, dtype=text)
        file.attrs["checksums"] = json.dumps(dict(checksums or {}))


def read_feature_file(
    path: str | os.PathLike[str],
    label: str | None = None,
    modalities: Sequence[str] | None = None,
) -> tuple[dict[str, FeatureSplit], dict[str, str]]:
    """Read ``{train,valid,test}/{<modality>,<modality>_lengths,...}``.

    The group of a split (``valid`` may be named ``validation``, ``val`` or ``dev``) contains for
    its N samples

    - ``<modality>`` [N, D] or [N, T, D], floating-point numbers with any name that is not the name
      of labels or other columns
    - ``<modality>_lengths`` [N], for sequences: number of valid frames, which come first. Frames
      after the valid frames are not read. By default, zeros at the end are padding, or zeros at the
      beginning if most sequences of all splits begin with zeros and none ends with zeros
    - ``regression_labels`` [N] (scores in [-3, 3]) or ``classification_labels`` [N] (classes 0, 1,
      ...), or both
    - ``id`` [N] and, optionally, ``raw_text`` [N], strings

    Parameters
    ----------
    path : `str` or `PathLike`
        Path of the file
    label : `None` | "regression" | "classification"
        Type of labels; by default the labels of the file, or scores if it contains both
    modalities : `None` | sequence of `str`
        Arrays of modalities, with numbers of any type; other arrays are ignored. By default, the
        arrays described above

    Output
    ------
    splits : `dict` of `FeatureSplit`
        ``train``, ``test`` and, optionally, ``validation``
    checksums : `dict` of `str`
        SHA-256 of the sources of the features, if the file contains them

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged or incomplete
    """
    with open_hdf5(path, "file of features") as file:
        names = split_names(name for name in file if isinstance(file.get(name), h5py.Group))
        others = [name for name in file if name not in names.values()]
        unknown = [name for name in others if _holds_arrays(file.get(name))]
        if unknown:
            raise ValueError(
                "it must have no splits but train, valid and test, or usual names of them such as "
                f"dev, not {listed(unknown)}"
            )
        in_front = _padded_in_front([file[theirs] for theirs in names.values()], modalities)
        splits: dict[str, FeatureSplit] = {}
        for name, theirs in names.items():
            splits[name] = _read_split(file[theirs], theirs, label, modalities, in_front)
            moved = {
                one
                for one in in_front & set(splits[name].features)
                if one + LENGTHS not in file[theirs]
            }
            notes = [*note_of(name, theirs)]
            notes += [f"padded in front: {listed(sorted(moved))}"] if moved else []
            notes += [f"ignored beside the splits: {listed(others)}"] if others else []
            splits[name].notes.extend(notes)
        return splits, read_checksums(file)


def _padded_in_front(groups: Sequence[h5py.Group], modalities: Sequence[str] | None) -> set[str]:
    """Sequences without lengths that are padded in front. Splits are padded at the same side."""
    found = set()
    names = {name for group in groups for name in group} - set(_COLUMNS)
    for name in names if modalities is None else names & set(modalities):
        parts = [group.get(name) for group in groups if name + LENGTHS not in group]
        sequences = [
            part
            for part in parts
            if isinstance(part, h5py.Dataset)
            and part.ndim == 3
            and 0 not in part.shape
            and part.dtype.kind in "iuf"
        ]
        if padded_in_front(part[()] for part in sequences):
            found.add(name)
    return found


def _read_split(
    group: h5py.Group,
    where: str,
    label: str | None,
    modalities: Sequence[str] | None,
    in_front: Container[str],
) -> FeatureSplit:
    features: dict[str, np.ndarray] = {}
    lengths: dict[str, np.ndarray] = {}
    try:
        columns = {name: read_dataset(group, name) for name in _COLUMNS if name in group}
        rest = {name: group.get(name) for name in group if name not in _COLUMNS}
        arrays = {name: values for name, values in rest.items() if isinstance(values, h5py.Dataset)}
        names = modalities_of(arrays, modalities)
        for name in sorted(names, key=_usual_order):
            given = read_dataset(group, name + LENGTHS) if name + LENGTHS in arrays else None
            values = read_dataset(group, name)
            features[name], frames = front_lengths(values, given, name, name in in_front)
            lengths |= {} if frames is None else {name: frames}
        split = FeatureSplit.from_columns(features, lengths, columns, label)
        if set(modalities or ()) <= set(features):
            check_no_label(features, columns)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    used = {*_COLUMNS, *features, *(name + LENGTHS for name in lengths)}
    split.notes.extend(note_on_rest(rest, used))
    return split


def _holds_arrays(item: object) -> bool:
    if not isinstance(item, h5py.Group):
        return False
    members = (item.get(name) for name in item)
    return any(isinstance(one, h5py.Dataset) and one.ndim > 0 for one in members)


def _usual_order(name: str) -> tuple[int, str]:
    """Order text, audio, vision and others, because files are in alphabetical order."""
    return MODALITIES.index(name) if name in MODALITIES else len(MODALITIES), name
