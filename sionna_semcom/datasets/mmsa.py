# SPDX-License-Identifier: Apache-2.0
"""Feature files of MMSA: ``aligned_50.pkl`` and ``unaligned_50.pkl``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .feature_pickles import clip_ids, each_split, present_modalities, read_pickled_splits
from .feature_split import LABELS, RAW_TEXT, FeatureSplit, as_numbers, real_frames
from .padding import front_lengths, non_zero_frames, to_front

_TOKENS = "text_bert"  # [n, 3, T]: token, attention mask, segment


def read_mmsa(path: str | os.PathLike[str], label: str | None = None) -> dict[str, FeatureSplit]:
    r"""Read ``{train|valid|test: {text, audio, vision, id, regression_labels, ...}}``.

    Which frames of a sequence are real is said by ``audio_lengths`` and ``vision_lengths`` where
    they are there. Elsewhere the attention mask in ``text_bert`` says it of the text, and of what
    is aligned with it and zero behind the mask. What is left is the frames between those that are
    zero in front and those that are zero at the end.

    Parameters
    ----------
    path : `str` or `PathLike`
        The file
    label : `None` | "regression" | "classification"
        ``regression_labels`` or ``classification_labels``; by default the scores

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
    `MMSA <https://github.com/thuiar/MMSA>`_
    """
    return each_split(path, read_pickled_splits(path), read_mmsa_split, label)


def read_mmsa_split(content: Mapping[str, Any], label: str | None) -> FeatureSplit:
    """One split of `read_mmsa`."""
    features: dict[str, np.ndarray] = {}
    lengths: dict[str, np.ndarray] = {}
    tokens = _num_tokens(content.get(_TOKENS))
    for name in present_modalities(content):
        values, given = as_numbers(content[name], name), content.get(f"{name}_lengths")
        if given is not None or values.ndim != 3:
            features[name], frames = front_lengths(values, given, name)
        else:
            features[name], frames = _without_lengths(values, tokens, name)
        lengths |= {} if frames is None else {name: frames}
    columns = {name: content[name] for name in (*LABELS.values(), RAW_TEXT) if name in content}
    columns |= {"id": clip_ids(content["id"])} if "id" in content else {}
    return FeatureSplit.from_columns(features, lengths, columns, label)


def _num_tokens(tokens: Any) -> np.ndarray | None:
    """Number of tokens that the attention mask lets through."""
    if tokens is None:
        return None
    array = as_numbers(tokens, _TOKENS)
    if array.ndim != 3 or array.shape[1] < 2 or not np.isin(array[:, 1], (0, 1)).all():
        raise ValueError(
            f"`{_TOKENS}` must be tokens, mask and segments [n, 3, T]. Received: {array.shape}"
        )
    return array[:, 1].sum(-1).astype(np.int64)


def _without_lengths(
    values: np.ndarray, tokens: np.ndarray | None, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Sequences [n, T, D] with real frames first, and their lengths."""
    count, num_frames = values.shape[:2]
    if tokens is not None and tokens.shape == (count,) and (tokens <= num_frames).all():
        behind = ~real_frames(tokens, num_frames)
        if name == "text" or not values[behind].any():
            return to_front(values, np.zeros(count, np.int64), tokens), tokens
    if not values.size:
        raise ValueError(f"`{name}` must have samples and frames. Received: {values.shape}")
    first, last = non_zero_frames(values)
    return to_front(values, first, last - first), last - first
