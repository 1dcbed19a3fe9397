# SPDX-License-Identifier: Apache-2.0
"""Check and conversion of the columns of feature files."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._messages import listed

MAX_SCORE = 3.0  # limit of the magnitude of sentiment
MOST_CLASSES = 2**20  # larger numbers are not classes and would use much memory


def as_scores(values: Any, name: str = "label") -> np.ndarray:
    """Scores [n] in [-3, 3] as `float32`."""
    scores = as_numbers(values, name)
    with np.errstate(invalid="ignore"):  # NaN is out of range
        wrong = ~((scores >= -MAX_SCORE) & (scores <= MAX_SCORE))
    if scores.ndim != 1 or wrong.any():
        received = f"shape {scores.shape}" if scores.ndim != 1 else f"{scores[wrong][0]}"
        raise ValueError(f"`{name}` must be scores [n] in [-3, 3]. Received: {received}")
    return scores.astype(np.float32)


def as_classes(values: Any, name: str = "label") -> np.ndarray:
    """Classes [n] as `int32`."""
    classes = as_numbers(values, name)
    if classes.ndim != 1:
        raise ValueError(f"`{name}` must be classes [n]. Received: shape {classes.shape}")
    wrong = classes[~_are_whole(classes, MOST_CLASSES - 1)]
    if wrong.size:
        limit = f" below {MOST_CLASSES}" if float(wrong[0]) >= MOST_CLASSES else ""
        raise ValueError(
            f"`{name}` must be classes, whole numbers from 0 on{limit}. Received: {wrong[0]}"
        )
    return classes.astype(np.int32)


def as_lengths(values: Any, shape: tuple[int, int], name: str) -> np.ndarray:
    """Numbers of valid frames of sequences with shape [n, T] as `int32`."""
    lengths = as_numbers(values, f"{name}_lengths")
    if lengths.shape != shape[:1]:
        raise ValueError(
            f"`{name}_lengths` must be one number for each of {shape[0]} samples. "
            f"Received: shape {lengths.shape}"
        )
    wrong = ~_are_whole(lengths, shape[1])
    if wrong.any():
        raise ValueError(
            f"`{name}_lengths` must be whole numbers from 0 to {shape[1]}, the number of frames. "
            f"Received: {lengths[wrong][0]}"
        )
    return lengths.astype(np.int32)


def as_numbers(values: Any, name: str) -> np.ndarray:
    """Convert to an array of real numbers.

    Raises
    ------
    ValueError
        If this is not possible
    """
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"`{name}` must be an array of numbers. Received: {error}") from error
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "c":
        raise ValueError(
            f"`{name}` must be an array of numbers, and real ones. Received: {array.dtype}"
        )
    if array.size:
        received = listed([str(array.dtype)])
        raise ValueError(f"`{name}` must be an array of numbers. Received: {received}")
    return np.zeros(array.shape, np.float32)  # an empty list has no type


def as_strings(values: Any, name: str) -> np.ndarray:
    """Convert strings or bytes to strings [n]."""
    try:
        array = np.asarray(values, object)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`{name}` must be an array of strings. Received: {error}") from error
    wrong = [item for item in array.ravel() if not isinstance(item, str | bytes)]
    if array.ndim != 1 or wrong:
        received = type(wrong[0]).__name__ if wrong else f"shape {array.shape}"
        raise ValueError(f"`{name}` must be strings [n]. Received: {received}")
    texts = (t.decode("utf-8", "replace") if isinstance(t, bytes) else str(t) for t in array)
    return np.fromiter(texts, object, len(array))


def real_frames(lengths: np.ndarray, num_frames: int) -> np.ndarray:
    """Mask of valid frames [n, num_frames]."""
    return np.arange(num_frames) < lengths[:, None]


def _are_whole(values: np.ndarray, largest: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # excludes NaN
        return (values >= 0) & (values <= largest) & (np.floor(values) == values)
