# SPDX-License-Identifier: Apache-2.0
"""Feature files of MMSA: ``aligned_50.pkl`` and ``unaligned_50.pkl``."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np

from .attention_mask import attention_mask, between_tokens
from .columns import as_numbers, real_frames
from .names import note_on_rest
from .padding import front_lengths, to_front, with_frames
from .pickles import Arrays, clip_ids, each_split, present_modalities, read_pickled_splits
from .split import LABELS, RAW_TEXT, FeatureSplit

_TOKENS = "text_bert"  # [n, 3, T]: token, attention mask, segment


def read_mmsa(path: str | os.PathLike[str], label: str | None = None) -> dict[str, FeatureSplit]:
    r"""Read ``{train|valid|test: {text, audio, vision, id, regression_labels, ...}}``.

    Valid frames are given by ``audio_lengths`` and ``vision_lengths``, if available. Otherwise, the
    attention mask in ``text_bert`` is used for the text, and for modalities that are aligned with
    the text and zero outside its tokens. The mask is identified among tokens, mask and segments in
    any order. All masked frames are removed. For other modalities, zeros at the beginning or at the
    end are padding.

    Parameters
    ----------
    path : `str` or `PathLike`
        Path of the file
    label : `None` | "regression" | "classification"
        ``regression_labels`` (default) or ``classification_labels``

    Output
    ------
    : `dict` of `FeatureSplit`
        ``train``, ``test`` and, optionally, ``validation``

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged or incomplete, or contains objects other than plain data

    Source
    ------
    `MMSA <https://github.com/thuiar/MMSA>`_
    """
    return each_split(path, *read_pickled_splits(path), read_mmsa_split, label)


def read_mmsa_split(
    content: Mapping[str, Any], label: str | None
) -> Generator[Arrays, Arrays, FeatureSplit]:
    """One split of `read_mmsa`, as a ``Reader``."""
    features: dict[str, np.ndarray] = {}
    lengths: dict[str, np.ndarray] = {}
    padded: dict[str, np.ndarray] = {}
    names = present_modalities(content)
    for name in names:
        values, given = as_numbers(content[name], name), content.get(f"{name}_lengths")
        if given is None and values.ndim == 3:
            padded[name] = with_frames(values, name)
            continue
        features[name], frames = front_lengths(values, given, name)
        lengths |= {} if frames is None else {name: frames}
    masks = _token_masks(padded, content.get(_TOKENS))
    masks |= yield {name: padded[name] for name in padded if name not in masks}
    for name, real in masks.items():
        features[name] = to_front(padded[name], real)
        lengths[name] = real.sum(1).astype(np.int32)
    features = {name: features[name] for name in names}
    columns = {name: content[name] for name in (*LABELS.values(), RAW_TEXT) if name in content}
    columns |= {"id": clip_ids(content["id"])} if "id" in content else {}
    split = FeatureSplit.from_columns(features, lengths, columns, label)
    used = {*names, *columns, _TOKENS, *(f"{name}_lengths" for name in names)}
    split.notes.extend(note_on_rest(content, used))
    return split


def _token_masks(padded: Mapping[str, np.ndarray], tokens: Any) -> Arrays:
    """Mask of valid frames [n, T] of the text, and of sequences that are aligned with it."""
    if tokens is None or not padded:
        return {}
    mask = attention_mask(tokens, _TOKENS)
    real: Arrays = {}
    for name, values in padded.items():
        if name == "text":
            real[name] = _of_text(mask, values)
        elif values.shape[:2] == mask.shape and _within(values, mask):
            real[name] = mask
    return real


def _of_text(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mask with the number of frames of the text."""
    if mask.shape == values.shape[:2]:
        return mask
    counts = mask.sum(1)
    comes_first = np.array_equal(mask, real_frames(counts, mask.shape[1]))
    if len(mask) != len(values) or counts.max(initial=0) > values.shape[1] or not comes_first:
        raise ValueError(
            f"`{_TOKENS}` must have a mask for the frames of `text` {values.shape}, or a shorter "
            f"one that is padded at the end. Received: {mask.shape}, {counts.max(initial=0)} tokens"
        )
    return real_frames(counts, values.shape[1])


def _within(values: np.ndarray, mask: np.ndarray) -> bool:
    """Whether sequences are zero before the first and after the last token."""
    return not values[~between_tokens(mask)].any()
