# SPDX-License-Identifier: Apache-2.0
"""Computational sequences of the CMU Multimodal SDK (``.csd``), aligned to words."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from .._hdf5 import open_hdf5, read_dataset
from .feature_split import LABELS, RAW_TEXT, FeatureSplit
from .interval_average import interval_average

SILENCE = "sp"
MOSEI_COLUMNS = ("sentiment", "happy", "sad", "anger", "surprise", "disgust", "fear")

Key = tuple[str, int | None]


@dataclass(frozen=True)
class Sequence:
    """What happens in the course of a video.

    Parameters
    ----------
    intervals : [T, 2], `float64`
        Begin and end of each frame [s]
    features : [T, D], `float32` | `str`
        What happens then
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
        The file

    Output
    ------
    data : `dict` of `Sequence`
        By video and segment; the segment is `None` where the key is the video's alone. Words,
        which are bytes in the file, are `str`
    metadata : `dict`
        What the JSON strings say

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged or no computational sequence
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
            raise ValueError(f"its sequences must have as many features. Received: {widths}")
        return data, _metadata(root.get("metadata"))


def read_computational_sequences(
    features: Mapping[str, str | os.PathLike[str]],
    labels: str | os.PathLike[str],
    words: str | os.PathLike[str] | None = None,
    *,
    column: str = "sentiment",
    max_words: int | None = None,
) -> FeatureSplit:
    r"""Features of each word of each labelled segment.

    A segment has the words whose middle lies in it (or that are keyed ``video[segment]``), without
    the silences ``sp``. A word's features are the mean over the frames that overlap it in time,
    weighted by the overlap; values that are infinite or NaN are left out, and the mean is NaN where
    no others are. A word without frames gets zeros, and a segment without words has length zero.

    Parameters
    ----------
    features : `dict` of `str` or `PathLike`
        A file for each modality
    labels : `str` or `PathLike`
        File of labels, one for each segment
    words : `None` | `str` or `PathLike`
        File of words; by default the intervals of ``features["text"]`` are the words
    column : `str`
        Which label, by the names in the file's metadata, or else those of MOSEI; a file with one
        column has only that
    max_words : `None` | `int`
        Longer segments keep their first words; by default none is longer

    Output
    ------
    : `FeatureSplit`
        All segments, not split; ids are ``video$_$segment``

    Raises
    ------
    FileNotFoundError
        If a file is missing
    ValueError
        If a file is damaged, there is no such column, or a label is out of range

    Source
    ------
    `CMU Multimodal SDK <https://github.com/CMU-MultiComp-Lab/CMU-MultimodalSDK>`_
    """
    if not features or (words is None and "text" not in features):
        raise ValueError("Alignment needs `words`, or `features` with text. Received: neither")
    if max_words is not None and max_words < 1:
        raise ValueError(f"`max_words` must be at least 1. Received: {max_words}")
    segments, scores = _read_labels(labels, column)
    streams = {name: _read_features(path) for name, path in features.items()}
    spoken = _read_words(words) if words is not None else streams["text"]
    aligned = [_words_of(spoken, *segment, max_words) for segment in segments]
    lengths = np.array([len(sequence.intervals) for sequence in aligned], np.int32)
    shape = (len(segments), max(1, lengths.max(initial=0)))
    arrays: dict[str, np.ndarray] = {}
    for name, data in streams.items():
        width = next(iter(data.values())).features.shape[1]
        arrays[name] = np.zeros((*shape, width), np.float32)
        for row, ((key, _), sequence) in enumerate(zip(segments, aligned, strict=True)):
            frames = _of_segment(data, key)
            if frames is not None and lengths[row]:
                arrays[name][row, : lengths[row]] = interval_average(
                    sequence.intervals, frames.intervals, frames.features
                )
    columns: dict[str, Any] = {LABELS["regression"]: scores}
    columns["id"] = [f"{video}$_${number}" for (video, number), _ in segments]
    if words is not None:
        columns[RAW_TEXT] = [" ".join(sequence.features[:, 0]) for sequence in aligned]
    try:
        return FeatureSplit.from_columns(arrays, {name: lengths for name in arrays}, columns)
    except ValueError as error:
        raise ValueError(f"`{labels}`: {error}") from error


def _read_labels(
    path: str | os.PathLike[str], column: str
) -> tuple[list[tuple[Key, np.ndarray]], np.ndarray]:
    """Video, number and interval of each segment, and its label."""
    data, metadata = read_csd(path)
    width = next(iter(data.values())).features.shape[1]
    names = metadata.get("dimension names")
    if not isinstance(names, list) or len(names) != width:
        names = list(MOSEI_COLUMNS) if width == len(MOSEI_COLUMNS) else [column][:width]
    if column not in names or len(names) != width:
        raise ValueError(f"`{path}` has no column {column!r}, only {', '.join(map(str, names))}")
    segments: list[tuple[Key, np.ndarray]] = []
    scores: list[float] = []
    for (video, number), sequence in data.items():
        values = _numbers(sequence, path).features[:, names.index(column)]
        if number is not None and len(values) != 1:
            raise ValueError(
                f"`{path}` must have one label for a segment. Received: {len(values)} for "
                f"{video}[{number}]"
            )
        for row, score in enumerate(values):
            segments.append(((video, row if number is None else number), sequence.intervals[row]))
            scores.append(score)
    return segments, np.array(scores, np.float32)


def _read_features(path: str | os.PathLike[str]) -> dict[Key, Sequence]:
    return {key: _numbers(sequence, path) for key, sequence in read_csd(path)[0].items()}


def _numbers(sequence: Sequence, path: str | os.PathLike[str]) -> Sequence:
    if sequence.features.dtype.kind != "f":
        raise ValueError(f"`{path}` must hold numbers. Received: words")
    return sequence


def _read_words(path: str | os.PathLike[str]) -> dict[Key, Sequence]:
    """Words without silences."""
    data = read_csd(path)[0]
    if any(sequence.features.dtype.kind == "f" for sequence in data.values()):
        raise ValueError(f"`{path}` must hold words. Received: numbers")
    return {key: sequence[sequence.features[:, 0] != SILENCE] for key, sequence in data.items()}


def _of_segment(data: Mapping[Key, Sequence], key: Key) -> Sequence | None:
    """What a file has of a segment alone, or else of its video."""
    return data.get(key, data.get((key[0], None)))


def _words_of(
    spoken: Mapping[Key, Sequence], key: Key, interval: np.ndarray, max_words: int | None
) -> Sequence:
    found = _of_segment(spoken, key)
    if found is None:
        return Sequence(np.zeros((0, 2)), np.zeros((0, 1), object))
    middle = found.intervals.mean(1)
    inside = (interval[0] <= middle) & (middle < interval[1]) | (key in spoken)
    order = np.argsort(middle[inside], kind="stable")
    return found[np.flatnonzero(inside)[order][:max_words]]


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
            f"{name} must have features [T, D] and intervals [T, 2]. Received: "
            f"{features.shape} and {intervals.shape} of {intervals.dtype}"
        )
    intervals = intervals.astype(np.float64)
    if not np.isfinite(intervals).all() or (intervals[:, 0] > intervals[:, 1]).any():
        raise ValueError(f"intervals of {name} must have finite begins and later ends")
    if not is_text and features.dtype.kind not in "iuf":
        raise ValueError(f"features of {name} must be numbers or words, not {features.dtype}")
    if is_text:
        texts = (t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in features.flat)
        return Sequence(intervals, np.array([*texts], object).reshape(features.shape))
    with np.errstate(over="ignore", invalid="ignore"):  # to infinity and NaN, which are counted
        return Sequence(intervals, features.astype(np.float32))


def _metadata(group: h5py.Group | None) -> dict[str, Any]:
    """What the JSON strings say; those that are none are left out."""
    if not isinstance(group, h5py.Group):
        return {}
    found: dict[str, Any] = {}
    for name in group:
        text = read_dataset(group, name).ravel()
        try:
            found[name] = json.loads(text[0])
        except (IndexError, TypeError, ValueError):
            continue
    return found
