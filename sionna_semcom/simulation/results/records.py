# SPDX-License-Identifier: Apache-2.0
"""Figures of single samples, and the channels that they met."""

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
    """Samples of a curve, of each point and seed as many as the study keeps, drawn at random.

    Parameters
    ----------
    point : [num_records], `np.int64`
        Points of the curve
    seed : [num_records], `np.int64`
        Positions among the seeds of training
    drop : [num_records], `np.int64`
        What channel samples met: samples with the same number met the same one. Numbers from zero
        on are drops of a pool or channels of a file, the same at all points; others are channels
        that were drawn anew, or batches where links do not say more
    values : `dict` of [num_records], `np.float32`
        Metrics; those that say if something holds are zeros and ones
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

    def __len__(self) -> int:
        """Number of records."""
        return len(self.point)

    @classmethod
    def joined(cls, columns: Sequence[Sequence[Columns]]) -> Records | None:
        """Join columns of ``[num_seeds][num_points]``, none if there are none."""
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
        """Those of one point."""
        here = self.point == point
        values = {name: array[here] for name, array in self.values.items()}
        return Records(self.point[here], self.seed[here], self.drop[here], values)


def write_records(group: h5py.Group, records: Records | None) -> None:
    """Write ``records`` below the group of a curve, if there are any."""
    if records is None:
        return
    target = group.create_group("records")
    for name in _WHOLE:
        target.create_dataset(name, data=getattr(records, name), **_PACKED)
    values = create_ordered(target, "values", records.values)
    for name, array in records.values.items():
        values.create_dataset(name, data=array, **_PACKED)


def read_records(group: h5py.Group) -> Records | None:
    """Read what :func:`write_records` wrote, none if nothing."""
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
