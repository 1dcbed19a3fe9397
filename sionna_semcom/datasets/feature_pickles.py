# SPDX-License-Identifier: Apache-2.0
"""What pickles of multimodal features have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .feature_split import MODALITIES, FeatureSplit
from .restricted_pickle import read_pickle

Reader = Callable[[Mapping[str, Any], str | None], FeatureSplit]

_SPLITS = {"train": "train", "valid": "validation", "test": "test"}


def read_pickled_splits(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read ``{train|valid|test: {name: values}}``.

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged, holds anything but plain data, or lacks ``train`` or ``test``
    """
    content = read_pickle(path, encoding="latin1")
    if not isinstance(content, dict) or not {"train", "test"} <= set(content):
        held = ", ".join(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"`{path}` must hold train, valid and test. Received: {held or 'nothing'}")
    splits = {ours: content[theirs] for theirs, ours in _SPLITS.items() if theirs in content}
    for name, split in splits.items():
        if not isinstance(split, dict) or not all(isinstance(key, str) for key in split):
            raise ValueError(
                f"`{path}` must hold arrays by name in {name}. Received: {type(split).__name__}"
            )
    return splits


def each_split(
    path: str | os.PathLike[str],
    splits: Mapping[str, Mapping[str, Any]],
    read: Reader,
    label: str | None,
) -> dict[str, FeatureSplit]:
    """Read each split; errors name the file and the split."""
    done: dict[str, FeatureSplit] = {}
    for name, content in splits.items():
        try:
            done[name] = read(content, label)
        except ValueError as error:
            raise ValueError(f"`{path}`, {name}: {error}") from error
    return done


def present_modalities(content: Mapping[str, Any]) -> list[str]:
    """The modalities that a split has.

    Raises
    ------
    ValueError
        If there is none
    """
    names = [name for name in MODALITIES if name in content]
    if not names:
        raise ValueError(f"it has none of {', '.join(MODALITIES)}, only {', '.join(content)}")
    return names


def clip_ids(values: Any) -> list[str]:
    """Names ``video`` or ``video_clip``, or rows of a video and what tells its clips apart.

    Raises
    ------
    ValueError
        If they are neither
    """
    rows = np.asarray(values, object) if not isinstance(values, np.ndarray) else values
    if rows.ndim not in (1, 2) or (rows.ndim == 2 and not rows.shape[1]):
        raise ValueError(f"`id` must be strings [n] or [n, parts]. Received: shape {rows.shape}")
    if rows.ndim == 1:
        return [_text(item) for item in rows]
    return ["$_$".join([_text(row[0]), "_".join(map(_text, row[1:]))]) for row in rows]


def _text(item: Any) -> str:
    """A string of what names a clip; ``video[3]`` becomes ``video$_$3``."""
    if isinstance(item, bytes):
        item = item.decode("utf-8", "replace")
    if not isinstance(item, str | int | float | np.integer | np.floating):
        raise ValueError(f"`id` must be strings. Received: {type(item).__name__}")
    video, bracket, clip = str(item).rpartition("[")
    return f"{video}$_${clip[:-1]}" if bracket and clip.endswith("]") and video else str(item)
