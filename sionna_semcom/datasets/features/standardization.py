# SPDX-License-Identifier: Apache-2.0
"""Standardization of features to zero mean and unit variance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .split import real_frames

_CHUNK = 256  # samples per block in double precision
_LARGEST = float(np.finfo(np.float32).max)
LARGEST_USABLE = float(np.sqrt(_LARGEST))


@dataclass(frozen=True)
class Standardization:
    r"""Affine map of each feature, fitted to training samples.

    .. math:: z = (x - \mu)/\sigma

    with mean :math:`\mu` and standard deviation :math:`\sigma` of the usable training values. A
    value is usable if it and its square are finite in single precision (magnitude up to
    ``LARGEST_USABLE``). Larger values denote missing or damaged data, and a single one would scale
    all other values to zero. Other values become zero, which is the mean. Features that are
    constant or have no usable value in training become zero.

    Parameters
    ----------
    mean : [D], `float64`
        Means
    scale : [D], `float64`
        :math:`1/\sigma`, or zero
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray, lengths: np.ndarray | None = None) -> Standardization:
        """Fit the map to samples.

        Input
        -----
        values : [n, D] or [n, T, D], `float32`
            Vectors or sequences
        lengths : `None` | [n], `int32`
            Number of valid frames of sequences
        """
        total = np.zeros(values.shape[-1])
        count = np.zeros(values.shape[-1], np.int64)
        for frames, usable in _real(values, lengths):
            total += frames.sum(0, where=usable)
            count += usable.sum(0)
        mean = total / np.maximum(count, 1)
        squares = np.zeros_like(mean)
        for frames, usable in _real(values, lengths):
            np.subtract(frames, mean, out=frames, where=usable)
            squares += np.square(frames, where=usable, out=np.zeros_like(frames)).sum(0)
        deviation = np.sqrt(squares / np.maximum(count, 1))
        varies = deviation > 1e-8 * np.abs(mean)  # smaller values are rounding errors
        return cls(mean, np.divide(1.0, deviation, where=varies, out=np.zeros_like(mean)))

    def __call__(self, values: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Standardized samples, `float32`, in the format of `fit`. Padding remains zero."""
        result = np.zeros(values.shape, np.float32)
        for rows, mask in _chunks(values, lengths):
            chunk = result[rows]
            frames = _in_double(values[rows][mask])
            frames = np.where(_usable(frames), frames, self.mean)
            chunk[mask] = np.clip((frames - self.mean) * self.scale, -_LARGEST, _LARGEST)
        return result


def count_non_finite(values: np.ndarray, lengths: np.ndarray | None = None) -> int:
    """Number of values in valid frames that are infinite or NaN, or whose squares overflow."""
    return sum(int((~_usable(values[rows][mask])).sum()) for rows, mask in _chunks(values, lengths))


def _real(
    values: np.ndarray, lengths: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Valid frames [num_frames, D] in double precision, and a mask of usable values."""
    for rows, mask in _chunks(values, lengths):
        frames = _in_double(values[rows][mask])
        yield frames, _usable(frames)


def _usable(frames: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # excludes NaN
        return np.abs(frames) <= LARGEST_USABLE


def _in_double(frames: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # avoids a warning about signaling NaN
        return frames.astype(np.float64)


def _chunks(values: np.ndarray, lengths: np.ndarray | None) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows, and a mask of valid frames or vectors."""
    for first in range(0, len(values), _CHUNK):
        rows = slice(first, first + _CHUNK)
        if lengths is None:
            yield rows, np.ones(len(values[rows]), bool)
        else:
            yield rows, real_frames(lengths[rows], values.shape[1])
