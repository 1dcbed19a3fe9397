# SPDX-License-Identifier: Apache-2.0
"""Attention masks of tokenized texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from .columns import as_numbers

_LARGEST_PAD = 5  # the lowest indices of vocabularies are padding and other special tokens


def attention_mask(tokens: Any, name: str) -> np.ndarray:
    """Find the attention mask among token indices, mask and segments in any order.

    Candidates are rows of zeros and ones, which excludes the token indices. Segments are zero or a
    subset of the mask, and never start with one. If this is not sufficient, all tokens outside the
    mask must have the same index of padding.

    Input
    -----
    tokens : [n, 3, T], [n, 2, T] or [n, T, 3]
        Rows, without or with segments
    name : `str`
        Name for error messages

    Output
    ------
    : [n, T], `bool`
        Valid tokens

    Raises
    ------
    ValueError
        If the mask cannot be identified
    """
    array = as_numbers(tokens, name)
    if array.ndim == 3 and array.shape[1] not in (2, 3) and array.shape[2] in (2, 3):
        array = array.transpose(0, 2, 1)
    if array.ndim != 3 or array.shape[1] not in (2, 3):
        raise ValueError(
            f"`{name}` must be tokens, mask and segments [n, 3, T]. Received: {array.shape}"
        )
    rows = [array[:, row] for row in range(array.shape[1])]
    binary = [bool(np.isin(row, (0, 1)).all()) for row in rows]
    if all(binary):  # both common orders begin with the token indices
        numbers, candidates = rows[0], rows[1:]
    else:
        numbers = max((row for row, is_01 in zip(rows, binary, strict=True) if not is_01), key=_top)
        candidates = [row for row, is_01 in zip(rows, binary, strict=True) if is_01]
    mask = _mask_among([row != 0 for row in candidates], numbers)
    alone = len(rows) == 2 and not all(binary)  # may be segments
    if mask is None or (alone and not _pads_alike(mask, numbers)):
        raise ValueError(
            f"`{name}` must be tokens, mask and segments [n, 3, T], and exactly one row must be a "
            f"valid attention mask (1 for tokens, 0 for padding). Received: {sum(binary)} rows of "
            "0 and 1, and not exactly one valid mask"
        )
    return mask


def between_tokens(mask: np.ndarray) -> np.ndarray:
    """Positions [n, T] from the first to the last valid token, including masked ones in between."""
    reached = np.logical_or.accumulate(mask, axis=1)
    return reached & np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]


def _top(row: np.ndarray) -> float:
    return float(row.astype(np.float64).max(initial=-1))


def _mask_among(candidates: list[np.ndarray], numbers: np.ndarray) -> np.ndarray | None:
    """Mask among `bool` rows [n, T]. The other row contains segments."""
    found = [row for row in candidates if row.any()]
    if not found:  # no token is valid
        return candidates[0] if candidates and not numbers.any() else None
    one, other = found[0], found[-1]
    if (other & ~one).any() and (one & ~other).any():
        alike = [row for row in found if _pads_alike(row, numbers)]
        return alike[0] if len(alike) == 1 else None
    larger, smaller = (one, other) if not (other & ~one).any() else (other, one)
    if larger.all() and smaller[:, 0].any():  # segments begin with zero
        return smaller
    between = np.unique(numbers[larger & ~smaller])
    is_padding = len(between) == 1 and 0 <= between[0] <= _LARGEST_PAD and numbers.any()
    return smaller if is_padding else larger


def _pads_alike(mask: np.ndarray, numbers: np.ndarray) -> bool:
    """Whether all tokens before the first and after the last valid token have the same index."""
    return len(np.unique(numbers[~between_tokens(mask)])) <= 1
