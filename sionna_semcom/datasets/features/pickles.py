# SPDX-License-Identifier: Apache-2.0
"""Common functions for pickles of multimodal features."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..._messages import listed
from ..formats.restricted_pickle import read_pickle
from .padding import unpadded
from .split import MODALITIES, FeatureSplit
from .split_names import note_of, split_names, split_of

Arrays = dict[str, np.ndarray]
Reader = Callable[[Mapping[str, Any], str | None], Generator[Arrays, Arrays, FeatureSplit]]
"""Yields sequences [n, T, D] with unknown padding, receives their valid frames [n, T]"""


def read_pickled_splits(
    path: str | os.PathLike[str],
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Read ``{train|valid|test: {name: values}}``.

    Other common names of splits, such as ``dev`` or ``Train``, are accepted. Other entries without
    arrays are ignored.

    Output
    ------
    splits : `dict` of `dict`
        Arrays by name for ``train``, ``test`` and, optionally, ``validation``
    notes : `dict` of `list` of `str`
        Notes on each split

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, contains objects other than plain data, lacks ``train`` or ``test``,
        or has splits with unknown names
    """
    content = read_pickle(path, encoding="latin1")
    try:
        names = split_names(content if isinstance(content, dict) else ())
    except ValueError as error:
        held = listed(content) if isinstance(content, dict) else type(content).__name__
        held = "nothing" if content == {} else held
        raise ValueError(f"`{path}` must hold train, valid and test. Received: {held}") from error
    others = [name for name in content if split_of(name) is None]
    unknown = [name for name in others if _holds_arrays(content[name])]
    if unknown:
        raise ValueError(
            f"`{path}` must hold no splits but train, valid and test, or usual names of them such "
            f"as dev. Received: {listed(unknown)}"
        )
    splits: dict[str, dict[str, Any]] = {}
    notes: dict[str, list[str]] = {}
    for name, theirs in names.items():
        split = content[theirs]
        if not isinstance(split, dict) or not all(isinstance(key, str) for key in split):
            raise ValueError(
                f"`{path}` must hold arrays by name in {name}. Received: {type(split).__name__}"
            )
        splits[name], notes[name] = split, note_of(name, theirs)
        notes[name] += [f"ignored beside the splits: {listed(others)}"] if others else []
    return splits, notes


def _holds_arrays(content: Any) -> bool:
    if isinstance(content, Mapping):
        return any(isinstance(values, np.ndarray | list) for values in content.values())
    return isinstance(content, np.ndarray) and content.ndim > 0


def each_split(
    path: str | os.PathLike[str],
    splits: Mapping[str, Mapping[str, Any]],
    notes: Mapping[str, list[str]],
    read: Reader,
    label: str | None,
) -> dict[str, FeatureSplit]:
    """Convert the output of `read_pickled_splits`. Errors name the file and the split.

    Padding is detected in all splits together.
    """
    readers: dict[str, Generator[Arrays, Arrays, FeatureSplit]] = {}
    padded: dict[str, Arrays] = {}
    for name, content in splits.items():
        with _naming(path, name):
            readers[name] = read(content, label)
            padded[name] = next(readers[name])
    real = unpadded(padded)
    done: dict[str, FeatureSplit] = {}
    for name, reader in readers.items():
        with _naming(path, name):
            try:
                reader.send(real[name])
            except StopIteration as end:
                done[name] = end.value
        done[name].notes.extend(notes[name])
    return done


@contextmanager
def _naming(path: str | os.PathLike[str], split: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"`{path}`, {split}: {error}") from error


def present_modalities(content: Mapping[str, Any]) -> list[str]:
    """Modalities of a split.

    Raises
    ------
    ValueError
        If there are none
    """
    names = [name for name in MODALITIES if name in content]
    if not names:
        raise ValueError(f"it has none of {', '.join(MODALITIES)}, only {listed(content)}")
    return names


def clip_ids(values: Any) -> list[str]:
    """Convert names ``video`` or ``video_clip``, or rows of a video and an identifier of the clip.

    Raises
    ------
    ValueError
        If the format is different
    """
    rows = np.asarray(values, object) if not isinstance(values, np.ndarray) else values
    if rows.ndim not in (1, 2) or (rows.ndim == 2 and not rows.shape[1]):
        raise ValueError(f"`id` must be strings [n] or [n, parts]. Received: shape {rows.shape}")
    if rows.ndim == 1:
        return [_text(item) for item in rows]
    return ["$_$".join([_text(row[0]), "_".join(map(_text, row[1:]))]) for row in rows]


def _text(item: Any) -> str:
    """Name of a clip as string; ``video[3]`` becomes ``video$_$3``."""
    if isinstance(item, bytes):
        item = item.decode("utf-8", "replace")
    if not isinstance(item, str | int | float | np.integer | np.floating):
        raise ValueError(f"`id` must be strings. Received: {type(item).__name__}")
    video, bracket, clip = str(item).rpartition("[")
    return f"{video}$_${clip[:-1]}" if bracket and clip.endswith("]") and video else str(item)
