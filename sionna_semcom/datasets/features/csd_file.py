# SPDX-License-Identifier: Apache-2.0
"""Reader of a computational sequence of the CMU Multimodal SDK (``.csd``)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from ..._hdf5 import open_hdf5, read_dataset, read_json
from ..._messages import listed

Key = tuple[str, int | None]


@dataclass(frozen=True)
class Sequence:
    """Sequence of frames in a video.

    Parameters
    ----------
    intervals : [T, 2], `float64`
        Start and end of each frame [s]
    features : [T, D], `float32` | `str`
        Features or word of each frame
    """

    intervals: np.ndarray
    features: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Sequence:
        return Sequence(self.intervals[rows], self.features[rows])


def read_csd(path: str | os.PathLike[str]) -> tuple[dict[Key, Sequence], dict[str, Any]]:
    """Read ``/<root>/data/<key>/{features,intervals}`` and ``/<root>/metadata/<name>``.

    Parameters
    ----------
    path : `str` or `PathLike`
        Path of the file

    Output
    ------
    data : `dict` of `Sequence`
        Sequences by video and segment; the segment is `None` if the key is only a video. Words,
        which are bytes in the file, are `str`
    metadata : `dict`
        Content of the JSON strings

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged or not a computational sequence
    """
    with open_hdf5(path, "computational sequence") as file:
        roots = [name for name in file if isinstance(file.get(f"{name}/data"), h5py.Group)]
        if len(roots) != 1:
            raise ValueError(f"it must have one group with data, not {len(roots)}")
        root = file[roots[0]]
        if not len(root["data"]):
            raise ValueError("it has no sequence")
        data = {_key(name): _read_sequence(root["data"], name) for name in root["data"]}
        widths = {sequence.features.shape[1:] for sequence in data.values()}
        if len(widths) > 1:
            received = listed(sorted(widths))
            raise ValueError(f"its sequences must have as many features. Received: {received}")
        return data, _metadata(root.get("metadata"))


def _key(name: str) -> Key:
    found = re.fullmatch(r"(.+)\[(\d{1,9})\]", name)
    return (found[1], int(found[2])) if found else (name, None)


def _read_sequence(data: h5py.Group, name: str) -> Sequence:
    intervals = read_dataset(data, f"{name}/intervals")
    features = read_dataset(data, f"{name}/features")
    is_text = features.dtype.kind in "SO"
    fits = features.ndim == 2 and features.shape[1:] != (0,) and intervals.ndim == 2
    if not fits or intervals.shape != (len(features), 2) or intervals.dtype.kind not in "iuf":
        raise ValueError(
            f"{listed([name])} must have features [T, D] and intervals [T, 2]. Received: "
            f"{features.shape} and {intervals.shape} of {intervals.dtype}"
        )
    intervals = intervals.astype(np.float64)
    if not np.isfinite(intervals).all() or (intervals[:, 0] > intervals[:, 1]).any():
        raise ValueError(f"intervals of {listed([name])} must have finite begins and later ends")
    if not is_text and features.dtype.kind not in "iuf":
        raise ValueError(
            f"features of {listed([name])} must be numbers or words, not {features.dtype}"
        )
    if is_text:
        texts = (t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in features.flat)
        return Sequence(intervals, np.array([*texts], object).reshape(features.shape))
    with np.errstate(over="ignore", invalid="ignore"):  # infinity and NaN are counted later
        return Sequence(intervals, features.astype(np.float32))


def _metadata(group: h5py.Group | None) -> dict[str, Any]:
    """Content of the JSON strings. Invalid strings are omitted."""
    if not isinstance(group, h5py.Group):
        return {}
    found: dict[str, Any] = {}
    for name in group:
        text = read_dataset(group, name).ravel()
        try:
            found[name] = read_json(text[0], name)
        except (IndexError, TypeError, ValueError):
            continue
    return found
