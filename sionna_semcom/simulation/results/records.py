# SPDX-License-Identifier: Apache-2.0
"""Records: metrics and channel drops of single samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..._hdf5 import read_dataset
from ..._messages import listed
from .ordered import create_ordered, ordered

Array = NDArray[Any]
Columns = Mapping[str, Sequence[float]]
DROP_COLUMN = "drop"
_WHOLE = ("point", "seed", DROP_COLUMN)
_PACKED: Any = {"compression": "gzip", "shuffle": True}


@dataclass(frozen=True)
class Records:
    """Metrics of randomly selected samples of a curve, with their channel drops.

    Parameters
    ----------
    point : [num_records], `np.int64`
        Index of the point of the curve
    seed : [num_records], `np.int64`
        Index of the training seed
    drop : [num_records], `np.int64`
        Channel drop. Samples with equal numbers have the same channel. Non-negative numbers are
        drops of a pool or channels of a file, which are common to all points and seeds. Negative
        numbers are newly drawn channels, or batches if the link does not report drops. They are the
        same channel for the same training seed only.
    values : `dict` of [num_records], `np.float32`
        Metrics. Binary metrics are zero or one.
    """

    point: Array
    seed: Array
    drop: Array
    values: Mapping[str, Array]

    def __post_init__(self) -> None:
        arrays = {name: getattr(self, name) for name in _WHOLE} | dict(self.values)
        for name, array in arrays.items():
            if np.shape(array) != np.shape(self.point) or np.ndim(array) != 1:
                raise ValueError(
                    f"records of {listed([name])} must have shape [num_records], as `point` of "
                    f"{np.shape(self.point)}. Received: {np.shape(array)}"
                )
        for name, array in self.values.items():
            if not np.isfinite(array).all():
                raise ValueError(
                    f"records of {listed([name])} must be finite. Received: NaN or inf"
                )

    def __len__(self) -> int:
        """Number of records."""
        return len(self.point)

    @property
    def channels(self) -> Array:
        """[num_records], `np.int64`. Equal for samples with the same channel at the same point."""
        of_seed = np.where(self.drop < 0, self.seed, 0)
        _, numbers = np.unique(np.stack([of_seed, self.drop]), axis=1, return_inverse=True)
        return numbers.reshape(-1)

    @classmethod
    def joined(cls, columns: Sequence[Sequence[Columns]]) -> Records | None:
        """Join columns ``[num_seeds][num_points]``. `None` if they are empty."""
        parts = [
            (point, seed, one)
            for seed, row in enumerate(columns)
            for point, one in enumerate(row)
            if one
        ]
        if not parts:
            return None
        names = [name for name in parts[0][2] if name != DROP_COLUMN]
        sizes = [len(one[DROP_COLUMN]) for *_, one in parts]

        def whole(values: Any) -> Array:
            return np.concatenate([np.asarray(value) for value in values])

        return cls(
            np.repeat([point for point, *_ in parts], sizes),
            np.repeat([seed for _, seed, _ in parts], sizes),
            whole(np.asarray(one[DROP_COLUMN], np.int64) for *_, one in parts),
            {name: whole(np.asarray(one[name], np.float32) for *_, one in parts) for name in names},
        )

    def at(self, point: int) -> Records:
        """Records of one point."""
        here = self.point == point
        values = {name: array[here] for name, array in self.values.items()}
        return Records(self.point[here], self.seed[here], self.drop[here], values)


def write_records(group: h5py.Group, records: Records | None) -> None:
    """Write ``records`` to the group of a curve, unless they are `None`."""
    if records is None:
        return
    target = group.create_group("records")
    for name in _WHOLE:
        target.create_dataset(name, data=getattr(records, name), **_PACKED)
    values = create_ordered(target, "values", records.values)
    for name, array in records.values.items():
        values.create_dataset(name, data=array, **_PACKED)


def read_records(group: h5py.Group) -> Records | None:
    """Read the records of a curve, or return `None`."""
    if "records" not in group:
        return None
    source = group["records"]
    whole = {name: read_dataset(source, name) for name in _WHOLE}
    for name, array in whole.items():
        if array.dtype.kind not in "iu":
            raise ValueError(f"records of {name} must be integers. Received: {array.dtype}")
    values = {name: read_dataset(source["values"], name) for name, _ in ordered(source["values"])}
    for name, array in values.items():
        if array.dtype.kind not in "fiu":
            raise ValueError(f"records of {listed([name])} must be real. Received: {array.dtype}")
    return Records(**whole, values=values)
