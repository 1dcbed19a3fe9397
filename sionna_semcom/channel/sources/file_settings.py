# SPDX-License-Identifier: Apache-2.0
"""Common settings and checks of channel files: splits, positions and times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from pydantic import Field

from ..._files import sha256
from ..._hdf5 import read_dataset
from ...datasets.folder import DATA_VARIABLE, find_file
from ..settings import SourceSettings
from ..slots.checks import MIN_KNOWN_DROPS
from ..slots.settings import SlotSettings

SMALLEST = 1e-30  # magnitude of the largest coefficient of a row, within single precision


class SplitSettings(SourceSettings):
    """Base class of the settings of channels with a split into training and test channels."""

    split: Literal["all", "train", "test"] = "all"
    """Split of the channels. Rows are ordered by `time`, by `position` along the direction of
    largest variance, or as stored; the last rows are `test`."""
    share: float = Field(default=0.2, gt=0.0, lt=1.0)
    """Fraction of the channels in the split `test`."""


class FileSettings(SplitSettings):
    """Base class of the settings of channel files."""

    path: Path
    """HDF5 file, relative to the current folder or to the folder SIONNA_SEMCOM_DATA."""

    @property
    def file(self) -> Path:
        """Path of the existing file.

        Raises
        ------
        FileNotFoundError
            If there is none
        """
        place = find_file(self.path)
        if place.is_file():
            return place
        elsewhere = "" if self.path.is_absolute() else f", neither here nor below {DATA_VARIABLE}"
        raise FileNotFoundError(f"No file of channels {self.path}{elsewhere}")

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the file."""
        return {str(self.path): sha256(self.file)}


def read_order(file: h5py.File, num_rows: int) -> np.ndarray | None:
    """Sort key of the rows of a file, [num_rows], or `None` without times and positions.

    Raises
    ------
    ValueError
        If there is not one value per row, a value is not finite, or times decrease
    """
    if "time" in file:
        times = numbers(file, "time")
        if times.shape != (num_rows,):
            raise ValueError(f"time must have shape [{num_rows}], not {list(times.shape)}")
        back = np.flatnonzero(np.diff(times) < 0)
        if len(back):
            raise ValueError(f"time must not go back, as it does in row {back[0] + 1}")
        return times
    if "position" not in file:
        return None
    places = numbers(file, "position")
    if places.ndim != 2 or len(places) != num_rows or not 1 <= places.shape[1] <= 3:
        raise ValueError(f"position must have shape [{num_rows}, 3], not {list(places.shape)}")
    return along(places)


def along(places: np.ndarray) -> np.ndarray:
    """Coordinates of positions [num_rows, 1 to 3] along their first principal axis: [num_rows].

    The sign of the axis is chosen such that its largest component is positive.
    """
    centered = places - places.mean(0)
    direction = np.linalg.svd(centered.T @ centered)[0][:, 0]
    direction *= np.sign(direction[np.argmax(np.abs(direction))])
    found: np.ndarray = np.round(centered @ direction, 9)
    return found


def rows_of(
    settings: SplitSettings, order: np.ndarray | None, num_rows: int, where: str
) -> np.ndarray:
    """Rows of the split. Rows of different splits never have equal positions or times.

    Raises
    ------
    ValueError
        If the split is empty
    """
    rows = np.arange(num_rows)
    if settings.split == "all":
        return rows
    order = rows if order is None else order
    first = np.sort(order)[min(num_rows - 1, round((1.0 - settings.share) * num_rows))]
    is_test = order >= first
    chosen = rows[is_test if settings.split == "test" else ~is_test]
    if not len(chosen):
        raise ValueError(
            f"`split`={settings.split!r} has none of the {num_rows} channels of "
            f"{where}. Received: share={settings.share:g}"
        )
    return chosen


def numbers(file: h5py.File, name: str, kinds: str = "biuf") -> np.ndarray:
    """Read a dataset of finite numbers in double precision; complex if ``kinds`` is "c".

    Raises
    ------
    ValueError
        If it is missing, empty, of another type, in half precision, or contains NaN or infinity
    """
    values = read_dataset(file, name)
    if values.dtype.kind not in kinds:
        sort = "complex" if kinds == "c" else "real"
        raise ValueError(f"{name} must hold {sort} numbers, not {values.dtype}")
    if values.dtype == np.float16:
        raise ValueError(f"{name} must have single or double precision, not {values.dtype}")
    if not values.size:
        raise ValueError(f"{name} must not be empty. Its shape is {list(values.shape)}")
    with np.errstate(over="ignore"):  # of numbers with more than double precision
        values = values.astype(complex if kinds == "c" else float)
    rows = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
    wrong = np.flatnonzero(~np.isfinite(rows).all(1))
    if len(wrong):
        raise ValueError(f"{name} must be finite, which row {wrong[0]} is not")
    return values


def check_magnitudes(name: str, rows: np.ndarray) -> None:
    """Check that the largest coefficient of each row lies between -600 and 600 dB.

    Input
    -----
    rows : [num_rows, ...], `complex`
        Coefficients, which are not all zero in any row

    Raises
    ------
    ValueError
        Naming the first row
    """
    largest = np.abs(rows).reshape(len(rows), -1).max(1)
    wrong = np.flatnonzero((largest < SMALLEST) | (largest > 1.0 / SMALLEST))
    if len(wrong):
        raise ValueError(
            f"the largest coefficient of {name} must lie between {SMALLEST:g} and "
            f"{1.0 / SMALLEST:g} in each row. Received: {largest[wrong[0]]:.3g} in row {wrong[0]}"
        )


def check_slots(
    source: FileSettings, settings: SlotSettings, antennas: tuple[int, int], num_rows: int
) -> None:
    """Check that a file has the antennas of the slots, and enough channels for statistics.

    Raises
    ------
    ValueError
        If antennas differ, a pool is requested, or statistics need more channels
    """
    rx, tx = antennas
    wanted = settings.num_rx_ant, settings.num_tx_ant
    if wanted != antennas:
        raise ValueError(
            f"`{source.path}` has num_rx_ant={rx} and num_tx_ant={tx}. "
            f"Received: num_rx_ant={wanted[0]}, num_tx_ant={wanted[1]}"
        )
    if settings.pool_size is not None:
        raise ValueError(
            "`pool_size` is for channels that are drawn: a file has as many as it has. "
            f"Received: pool_size={settings.pool_size}"
        )
    check_count(settings, num_rows, f"split={source.split!r} of `{source.path}`")


def check_count(settings: SlotSettings, num_rows: int, where: str) -> None:
    """Check that there are enough channels to measure statistics.

    Raises
    ------
    ValueError
        If there are fewer than 64
    """
    estimates = getattr(settings, "csi", None) == "ls" and settings.knows_statistics
    if estimates and num_rows < MIN_KNOWN_DROPS:
        raise ValueError(
            f"A covariance that is measured in less than {MIN_KNOWN_DROPS} channels tells the "
            "receiver the channels themselves. Use `statistics`='none'. "
            f"Received: {num_rows} channels in {where}"
        )
