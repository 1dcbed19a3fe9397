# SPDX-License-Identifier: Apache-2.0
"""Feature files of MultiBench and MulT: ``mosi_data.pkl``, ``mosei_senti_data.pkl``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .feature_pickles import clip_ids, each_split, present_modalities, read_pickled_splits
from .feature_split import LABELS, FeatureSplit, as_numbers
from .padding import front_lengths, non_zero_frames, to_front

LABEL = "labels"


def read_multibench(
    path: str | os.PathLike[str], label: str | None = None
) -> dict[str, FeatureSplit]:
    r"""Read ``{train|valid|test: {text, audio, vision, labels, id}}``.

    Sequences are padded in front: their real frames begin where the first is not zero, and are
    moved to the front.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    label : `None` | "regression" | "classification"
        What ``labels`` are; by default scores

    Output
    ------
    : `dict` of `FeatureSplit`
        ``train``, ``test`` and, if there is one, ``validation``

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is damaged, holds anything but plain data, or lacks something

    Source
    ------
    `MultiBench <https://github.com/pliang279/MultiBench>`_,
    `MulT <https://github.com/yaohungt/Multimodal-Transformer>`_
    """
    return each_split(path, read_pickled_splits(path), read_multibench_split, label)


def read_multibench_split(content: Mapping[str, Any], label: str | None) -> FeatureSplit:
    """One split of `read_multibench`."""
    features: dict[str, np.ndarray] = {}
    lengths: dict[str, np.ndarray] = {}
    for name in present_modalities(content):
        values = as_numbers(content[name], name)
        if values.ndim == 3 and values.size:
            first, _ = non_zero_frames(values)
            lengths[name] = values.shape[1] - first
            features[name] = to_front(values, first, lengths[name])
        else:
            features[name], _ = front_lengths(values, None, name)
    columns: dict[str, Any] = {}
    if LABEL in content:
        columns[LABELS.get(label or "regression", "")] = _one_each(content[LABEL])
    if "id" in content:
        columns["id"] = clip_ids(content["id"])
    return FeatureSplit.from_columns(features, lengths, columns, label)


def _one_each(labels: Any) -> np.ndarray:
    """Labels [n] of [n], [n, 1] or [n, 1, 1]."""
    array = as_numbers(labels, LABEL)
    if array.ndim < 1 or any(size != 1 for size in array.shape[1:]):
        raise ValueError(f"`{LABEL}` must be one for each sample. Received: {array.shape}")
    return array.reshape(len(array))
