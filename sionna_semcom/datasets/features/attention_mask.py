# SPDX-License-Identifier: Apache-2.0
"""Which tokens a text has, as its tokenizer says."""

from __future__ import annotations

from typing import Any

import numpy as np

from .columns import as_numbers

_LARGEST_PAD = 5  # the lowest numbers of vocabularies are those of padding and other marks


def attention_mask(tokens: Any, name: str) -> np.ndarray:
    """Find the attention mask among numbers, mask and segments of tokens, in any order.

    Rows of zeros and ones are candidates, so that the numbers are told apart. Of the two that are
    left, segments are zero, or are only set where the mask is, and never begin with one. Where
    that does not tell, the tokens that the mask leaves out must all have the number of padding.

    Input
    -----
    tokens : [n, 3, T], [n, 2, T] or [n, T, 3]
        Rows, segments of which may be missing
    name : `str`
        Name for messages

    Output
    ------
    : [n, T], `bool`
        Which tokens are real

    Raises
    ------
    ValueError
        If it cannot be told which row is the mask
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
    if all(binary):  # both usual orders begin with the numbers
        numbers, candidates = rows[0], rows[1:]
    else:
        numbers = max((row for row, is_01 in zip(rows, binary, strict=True) if not is_01), key=_top)
        candidates = [row for row, is_01 in zip(rows, binary, strict=True) if is_01]
    mask = _mask_among([row != 0 for row in candidates], numbers)
    alone = len(rows) == 2 and not all(binary)  # may be segments
    if mask is None or (alone and not _pads_alike(mask, numbers)):
        raise ValueError(
            f"`{name}` must be tokens, mask and segments [n, 3, T], of which one can be the "
            f"attention mask (1 for tokens, 0 for padding). Received: {sum(binary)} rows of 0 and "
            "1, and none or more than one can be it"
        )
    return mask


def between_tokens(mask: np.ndarray) -> np.ndarray:
    """Positions [n, T] from the first real token to the last, those left out between included."""
    reached = np.logical_or.accumulate(mask, axis=1)
    return reached & np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]


def _top(row: np.ndarray) -> float:
    return float(row.astype(np.float64).max(initial=-1))


def _mask_among(candidates: list[np.ndarray], numbers: np.ndarray) -> np.ndarray | None:
    """The mask among rows [n, T] that are `bool`; the other one is of segments."""
    found = [row for row in candidates if row.any()]
    if not found:  # nothing is real, if there is anything
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
    """If all tokens before the first and after the last real one have the same number."""
    return len(np.unique(numbers[~between_tokens(mask)])) <= 1
