# SPDX-License-Identifier: Apache-2.0
"""Feature files of MultiBench and MulT: ``mosi_data.pkl``, ``mosei_senti_data.pkl``."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np

from .columns import as_numbers
from .names import note_on_rest
from .padding import to_front, with_frames
from .pickles import Arrays, clip_ids, each_split, present_modalities, read_pickled_splits
from .split import LABELS, FeatureSplit

LABEL = "labels"


def read_multibench(
    path: str | os.PathLike[str], label: str | None = None
) -> dict[str, FeatureSplit]:
    r"""Read ``{train|valid|test: {text, audio, vision, labels, id}}``.

    Zeros at the beginning or at the end of a sequence are padding, depending on the side of the
    padding in the file. Valid frames are moved to the front. Modalities that are aligned frame by
    frame keep the same frames.

    Parameters
    ----------
    path : `str` or `PathLike`
        Path of the file
    label : `None` | "regression" | "classification"
        Type of ``labels``; scores by default

    Output
    ------
    : `dict` of :class:`FeatureSplit`
        As of :func:`read_mmsa`

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged or incomplete, or contains objects other than plain data

    Source
    ------
    `MultiBench <https://github.com/pliang279/MultiBench>`_,
    `MulT <https://github.com/yaohungt/Multimodal-Transformer>`_
    """
    return each_split(path, *read_pickled_splits(path), read_multibench_split, label)


def read_multibench_split(
    content: Mapping[str, Any], label: str | None
) -> Generator[Arrays, Arrays, FeatureSplit]:
    """One split of `read_multibench`, as a ``Reader``."""
    names = present_modalities(content)
    values = {name: as_numbers(content[name], name) for name in names}
    padded = {name: v for name, v in values.items() if v.ndim == 3 and with_frames(v, name).size}
    real = yield padded
    lengths = {name: frames.sum(1).astype(np.int32) for name, frames in real.items()}
    features = {name: to_front(v, real[name]) if name in real else v for name, v in values.items()}
    columns: dict[str, Any] = {}
    if LABEL in content:
        columns[LABELS.get(label or "regression", "")] = _one_each(content[LABEL])
    if "id" in content:
        columns["id"] = clip_ids(content["id"])
    split = FeatureSplit.from_columns(features, lengths, columns, label)
    split.notes.extend(note_on_rest(content, {*names, LABEL, "id"}))
    return split


def _one_each(labels: Any) -> np.ndarray:
    """Labels [n] of [n], [n, 1] or [n, 1, 1]."""
    array = as_numbers(labels, LABEL)
    if array.ndim < 1 or any(size != 1 for size in array.shape[1:]):
        raise ValueError(f"`{LABEL}` must be one for each sample. Received: {array.shape}")
    return array.reshape(len(array))
