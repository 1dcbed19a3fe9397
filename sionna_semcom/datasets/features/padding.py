# SPDX-License-Identifier: Apache-2.0
"""Detection of padding in sequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .columns import as_lengths, as_numbers, real_frames

_CHUNK = 256  # samples per block


def to_front(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Move the valid frames of sequences to the front and fill the rest with zeros.

    Input
    -----
    values : [n, T, D]
        Sequences
    real : [n, T], `bool`
        Valid frames

    Output
    ------
    : [n, T, D]
        Sequences
    """
    order = np.argsort(~real, axis=1, kind="stable")
    moved = np.take_along_axis(values, order[..., None], axis=1)
    moved[~real_frames(real.sum(1), values.shape[1])] = 0
    return moved


def non_zero_frames(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First frame [n] with a value, and frame [n] after the last one; equal if there is none.

    Zero and NaN do not count as values.
    """
    return _ends(_with_values(values))


def frames_between(first: np.ndarray, last: np.ndarray, num_frames: int) -> np.ndarray:
    """Mask of the frames [n, num_frames] in [first, last)."""
    frames = np.arange(num_frames)
    return (first[:, None] <= frames) & (frames < last[:, None])


def unpadded(
    splits: Mapping[str, Mapping[str, np.ndarray]],
) -> dict[str, dict[str, np.ndarray]]:
    """Detect valid frames of sequences without lengths or mask, in the same way for all splits.

    Frames of only zeros or only NaN at the beginning or end of a sequence are padding. If some
    samples have zeros at one side only, and none at the other side only, zeros at the other side
    are valid frames. Modalities that are aligned frame by frame keep the same frames, also if one
    of them is zero. If a modality is zero in a whole sample, it has no valid frames.

    Input
    -----
    splits : `dict` of `dict` of [n, T, D]
        Sequences by split and modality, which may differ in T

    Output
    ------
    : `dict` of `dict` of [n, T], `bool`
        Valid frames
    """
    masks = {
        split: {name: _with_values(values) for name, values in sequences.items()}
        for split, sequences in splits.items()
    }
    real: dict[str, dict[str, np.ndarray]] = {split: {} for split in splits}
    for group in _in_step(list(masks.values())):
        together: dict[str, np.ndarray] = {}
        for split, not_zero in masks.items():
            present = [not_zero[name] for name in group if name in not_zero]
            if present:
                together[split] = np.logical_or.reduce(present)
        sides = np.any([_padded_sides(mask) for mask in together.values()], axis=0)
        for split, mask in together.items():
            kept = frames_between(*_one_sided(mask, *sides), mask.shape[1])
            for name in group:
                if name in masks[split]:
                    some = np.any(masks[split][name], axis=1, keepdims=True)
                    real[split][name] = kept & some
    return {split: {name: real[split][name] for name in masks[split]} for split in masks}


def padded_in_front(splits: Iterable[np.ndarray]) -> bool:
    """Whether most sequences [n, T, D] of all splits begin with zeros, and none ends with zeros."""
    begin = total = 0
    for values in splits:
        first, last = non_zero_frames(values)
        some = first < last
        if (last < values.shape[1]).any():
            return False
        begin, total = begin + int(((first > 0) & some).sum()), total + int(some.sum())
    return 2 * begin > total


def front_lengths(
    values: Any, lengths: Any, name: str, in_front: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Features with valid frames first, and the number of valid frames (`None` for vectors).

    Without ``lengths``, zeros at the end are padding, or at the beginning with ``in_front``
    (:func:`padded_in_front`). With ``lengths``, padding at the beginning is detected if all frames
    except the given number at the end are zero.
    """
    array = as_numbers(values, name)
    if array.ndim != 3:
        if lengths is not None:
            raise ValueError(
                f"`{name}` must be [n, T, D] as it has lengths. Received: {array.shape}"
            )
        return array, None
    count, num_frames = with_frames(array, name).shape[:2]
    if lengths is None:
        first, last = non_zero_frames(array)
        some = first < last
        start = np.where(some & in_front, first, 0)
        stop = np.where(some, last, 0)
        if not in_front and not array[~real_frames(stop, num_frames)].any():
            return array, stop.astype(np.int32)
    else:
        checked = as_lengths(lengths, (count, num_frames), name)
        filled = _with_values(array)
        behind = filled[~real_frames(checked, num_frames)].any()
        in_front = behind and not filled[real_frames(num_frames - checked, num_frames)].any()
        start = num_frames - checked if in_front else np.zeros(count, np.int64)
        stop = start + checked
    moved = to_front(array, frames_between(start, stop, num_frames))
    return moved, (stop - start).astype(np.int32)


def with_frames(values: np.ndarray, name: str) -> np.ndarray:
    """Check sequences [n, T, D].

    Raises
    ------
    ValueError
        If sequences have no frames or no features
    """
    if 0 in values.shape[1:]:
        raise ValueError(f"`{name}` must have frames and features. Received: {values.shape}")
    return values


def _with_values(values: np.ndarray) -> np.ndarray:
    """Mask of frames [n, T] with values other than zero and NaN."""
    found = np.zeros(values.shape[:2], bool)
    with np.errstate(invalid="ignore"):
        for first in range(0, len(values), _CHUNK):  # limits the memory of the comparison
            some = values[first : first + _CHUNK]
            found[first : first + _CHUNK] = ((some < 0) | (some > 0)).any(-1)
    return found


def _ends(not_zero: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First frame [n] that is set in [n, T], and the frame after the last one; both T if none."""
    some, num_frames = not_zero.any(1), not_zero.shape[1]
    first = np.where(some, not_zero.argmax(1), num_frames)
    last = np.where(some, num_frames - not_zero[:, ::-1].argmax(1), num_frames)
    return first, last


def _padded_sides(not_zero: np.ndarray) -> tuple[bool, bool]:
    """Whether samples of [n, T] are padded at the beginning only, and at the end only."""
    (first, last), num_frames = _ends(not_zero), not_zero.shape[1]
    some = first < last
    in_front = (some & (first > 0) & (last == num_frames)).any()
    behind = (some & (first == 0) & (last < num_frames)).any()
    return bool(in_front), bool(behind)


def _one_sided(not_zero: np.ndarray, in_front: bool, behind: bool) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the sequences, extended at a side without padding."""
    first, last = _ends(not_zero)
    if in_front and not behind:
        return first, np.full_like(last, not_zero.shape[1])
    if behind and not in_front:
        return np.where(first < last, 0, first), last
    return first, last


def _in_step(splits: Sequence[Mapping[str, np.ndarray]]) -> list[list[str]]:
    """Groups of modalities that are aligned frame by frame in all splits."""
    groups: list[list[str]] = []
    for name in dict.fromkeys(name for masks in splits for name in masks):
        fitting = (g for g in groups if _aligned(splits, g[0], name))
        group = next((g for g in fitting if _equally_long(splits, [*g, name])), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return groups


def _equally_long(splits: Sequence[Mapping[str, np.ndarray]], names: Sequence[str]) -> bool:
    """Whether modalities have the same number of frames in each split."""
    return all(len({masks[n].shape for n in names if n in masks}) <= 1 for masks in splits)


def _aligned(splits: Sequence[Mapping[str, np.ndarray]], one: str, other: str) -> bool:
    """Whether sequences have the same or nearly the same ends in half of their common samples.

    Ends are nearly the same if one sequence is padded, the other lies within it, and mostly at most
    two frames are missing.
    """
    pairs = [(masks[one], masks[other]) for masks in splits if one in masks and other in masks]
    if not pairs or not _equally_long(splits, (one, other)):
        return False
    found = []
    for a, b in pairs:
        both = a.any(1) & b.any(1)
        frames = np.full(int(both.sum()), a.shape[1])
        found.append((*_ends(a[both]), *_ends(b[both]), frames))
    first, last, begin, end, frames = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not len(first):
        return False
    same = (first == begin) & (last == end)
    padded = (last - first < frames).any()
    within = ((first <= begin) & (end <= last)).all()
    lacking = np.median(last - first - (end - begin))
    return bool(2 * same.sum() >= len(same) or (padded and within and lacking <= 2))
