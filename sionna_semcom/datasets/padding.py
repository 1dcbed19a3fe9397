# SPDX-License-Identifier: Apache-2.0
"""Which frames of padded sequences are real."""

from __future__ import annotations

from typing import Any

import numpy as np

from .feature_split import as_lengths, as_numbers, real_frames


def to_front(values: np.ndarray, start: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Sequences whose ``lengths`` frames from ``start`` on come first, and then zeros.

    Input
    -----
    values : [n, T, D]
        Sequences
    start : [n], `int`
        First real frame
    lengths : [n], `int`
        Number of real frames

    Output
    ------
    : [n, T, D]
        Sequences
    """
    num_frames = values.shape[1]
    index = np.minimum(np.arange(num_frames) + start[:, None], num_frames - 1)
    moved = np.take_along_axis(values, index[..., None], axis=1)
    moved[~real_frames(lengths, num_frames)] = 0
    return moved


def non_zero_frames(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First frame [n] that is not zero, and the frame [n] after the last such; equal if none is."""
    not_zero = (values != 0).any(-1)
    some, num_frames = not_zero.any(1), values.shape[1]
    first = np.where(some, not_zero.argmax(1), num_frames)
    last = np.where(some, num_frames - not_zero[:, ::-1].argmax(1), num_frames)
    return first, last


def front_lengths(values: Any, lengths: Any, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Features whose real frames come first, and how many they are (`None` for vectors).

    Without ``lengths``, real frames end where only zeros follow.
    """
    array = as_numbers(values, name)
    if array.ndim != 3:
        if lengths is not None:
            raise ValueError(
                f"`{name}` must be [n, T, D] as it has lengths. Received: {array.shape}"
            )
        return array, None
    if 0 in array.shape[1:]:
        raise ValueError(f"`{name}` must have frames and features. Received: {array.shape}")
    if lengths is None:
        first, last = non_zero_frames(array)
        return array, np.where(first < last, last, 0).astype(np.int32)
    checked = as_lengths(lengths, array.shape[:2], name)
    return to_front(array, np.zeros(len(array), np.int64), checked), checked
