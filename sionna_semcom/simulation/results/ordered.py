# SPDX-License-Identifier: Apache-2.0
"""Groups of HDF5 files that store the order of their members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import h5py
import numpy as np

from .names import check_title


def create_ordered(parent: h5py.Group, name: str, members: Iterable[str]) -> h5py.Group:
    """Create a group that stores the order of its members in an attribute.

    HDF5's own tracking of the order also stores creation times, which would make the files of equal
    results differ.
    """
    group = parent.create_group(name)
    group.attrs["order"] = np.array(list(members), h5py.string_dtype())
    return group


def ordered(group: h5py.Group) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """Members of a group in their stored order."""
    names = np.asarray(group.attrs["order"])
    if names.ndim != 1 or not all(isinstance(name, str) for name in names.tolist()):
        raise ValueError(f"the attribute order of {group.name} must be names")
    for name in names.tolist():
        yield check_title(name), group[name]
