# SPDX-License-Identifier: Apache-2.0
"""Computational sequences of the CMU Multimodal SDK (``.csd``), aligned to words."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._messages import listed, shortened
from .csd_file import Key, Sequence, read_csd
from .interval_average import interval_average
from .split import LABELS, RAW_TEXT, FeatureSplit

SILENCE = "sp"
USUAL_COLUMN = "sentiment"
MOSEI_COLUMNS = (USUAL_COLUMN, "happy", "sad", "anger", "surprise", "disgust", "fear")


def read_computational_sequences(
    features: Mapping[str, str | os.PathLike[str]],
    labels: str | os.PathLike[str],
    words: str | os.PathLike[str] | None = None,
    *,
    column: str | None = None,
    max_words: int | None = None,
) -> FeatureSplit:
    r"""Features of each word of each labeled segment.

    A segment contains the words with their center in the segment (or with the key
    ``video[segment]``), except silences ``sp``. The features of a word are the mean over the frames
    that overlap it, weighted by the overlap, or over frames without duration within the word.
    Infinite and NaN values are excluded. The mean is NaN if no values remain, or if a word has no
    frames. A segment without words, or without frames of a modality, has length zero.

    Parameters
    ----------
    features : `dict` of `str` or `PathLike`
        File of each modality
    labels : `str` or `PathLike`
        File of labels, one per segment
    words : `None` | `str` or `PathLike`
        File of words; by default, the intervals of ``features["text"]`` are the words
    column : `None` | `str`
        Column of the label, by a name in the metadata of the file or a name of MOSEI, or by its
        index from 0. By default, the only column, or the column of sentiment
    max_words : `None` | `int`
        Maximum number of words per segment; longer segments are truncated. No limit by default

    Output
    ------
    : `FeatureSplit`
        All segments without splits; ids are ``video$_$segment``

    Raises
    ------
    FileNotFoundError
        If a file is missing
    ValueError
        If a file is damaged or contains none of the labeled videos, the column does not exist, or a
        label is out of range

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
    aligned = [_words_of(spoken, *segment) for segment in segments]
    num_cut = sum(len(words.intervals) > max_words for words in aligned) if max_words else 0
    aligned = [words[np.arange(len(words.intervals))[:max_words]] for words in aligned]
    lengths = np.array([len(sequence.intervals) for sequence in aligned], np.int32)
    arrays: dict[str, np.ndarray] = {}
    own_lengths: dict[str, np.ndarray] = {}
    for name, data in streams.items():
        keys = [key for key, _ in segments]
        if not any(_of_segment(data, key) for key in keys):
            raise ValueError(
                f"`{features[name]}` must have videos that `{labels}` has. "
                f"Received: {listed(video for video, _ in data)}"
            )
        arrays[name], has_frames = _averages(data, keys, aligned, max(1, lengths.max(initial=0)))
        own_lengths[name] = np.where(has_frames, lengths, 0)
    columns: dict[str, Any] = {LABELS["regression"]: scores}
    columns["id"] = [f"{video}$_${number}" for (video, number), _ in segments]
    if words is not None:
        columns[RAW_TEXT] = [" ".join(sequence.features[:, 0]) for sequence in aligned]
    try:
        split = FeatureSplit.from_columns(arrays, own_lengths, columns)
        split.notes.extend([f"cut: {num_cut} segments, to {max_words} words"] if num_cut else [])
        return split
    except ValueError as error:
        raise ValueError(f"`{labels}`: {error}") from error


def _read_labels(
    path: str | os.PathLike[str], column: str | None
) -> tuple[list[tuple[Key, np.ndarray]], np.ndarray]:
    """Video, number and interval of each segment, and its label."""
    data, metadata = read_csd(path)
    width = next(iter(data.values())).features.shape[1]
    position = _position(metadata.get("dimension names"), width, column, path)
    segments: list[tuple[Key, np.ndarray]] = []
    scores: list[float] = []
    for (video, number), sequence in data.items():
        values = _numbers(sequence, path).features[:, position]
        if number is not None and len(values) != 1:
            raise ValueError(
                f"`{path}` must have one label for a segment. Received: {len(values)} for "
                f"{listed([video])}[{number}]"
            )
        for row, score in enumerate(values):
            segments.append(((video, row if number is None else number), sequence.intervals[row]))
            scores.append(score)
    return segments, np.array(scores, np.float32)


def _position(names: Any, width: int, column: str | None, path: str | os.PathLike[str]) -> int:
    """Index of the selected column."""
    known = [str(name) for name in names] if isinstance(names, list) else []
    if len(known) != width:
        known = list(MOSEI_COLUMNS) if width == len(MOSEI_COLUMNS) else []
    wanted = (column or USUAL_COLUMN).lower()
    exact = [n for n, name in enumerate(known) if name.strip().lower() == wanted]
    similar = [n for n, name in enumerate(known) if wanted in re.split(r"[\s_-]+", name.lower())]
    found = exact or similar
    if not found and width == 1 and (column in (None, USUAL_COLUMN) or not known):
        return 0
    if not found and wanted.isdecimal() and len(wanted) < 9 and int(wanted) < width:
        return int(wanted)
    if len(found) != 1:
        told = f"only {listed(known, 20)}" if known else f"but {width} without names"
        if found:
            told = f"but {len(found)} of that name"
        raise ValueError(
            f"`{path}` has no column {shortened(column or USUAL_COLUMN)}, {told}. Choose one by "
            f"`column`, also by number from 0 to {width - 1}"
        )
    return found[0]


def _averages(
    data: Mapping[Key, Sequence], keys: list[Key], aligned: list[Sequence], num_words: int
) -> tuple[np.ndarray, np.ndarray]:
    """Features [n, num_words, D] of the words of each segment, and segments with features."""
    width = next(iter(data.values())).features.shape[1]
    values = np.zeros((len(keys), num_words, width), np.float32)
    has_frames = np.zeros(len(keys), bool)
    for row, (key, words) in enumerate(zip(keys, aligned, strict=True)):
        frames = _of_segment(data, key)
        if frames is not None and len(words.intervals):
            means = interval_average(words.intervals, frames.intervals, frames.features)
            has_frames[row] = np.isfinite(means).any()
            if has_frames[row]:
                values[row, : len(means)] = means
    return values, has_frames


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
    """Sequence of a segment, or else of its video."""
    return data.get(key, data.get((key[0], None)))


def _words_of(spoken: Mapping[Key, Sequence], key: Key, interval: np.ndarray) -> Sequence:
    found = _of_segment(spoken, key)
    if found is None:
        return Sequence(np.zeros((0, 2)), np.zeros((0, 1), object))
    middle = found.intervals.mean(1)
    inside = (interval[0] <= middle) & (middle < interval[1]) | (key in spoken)
    order = np.argsort(middle[inside], kind="stable")
    return found[np.flatnonzero(inside)[order]]
