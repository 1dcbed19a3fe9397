# SPDX-License-Identifier: Apache-2.0
"""Names of splits in files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from ..._messages import listed

Name = TypeVar("Name")
_NAMES = {
    "train": "train training trn",
    "validation": "validation valid val validate dev devel development",
    "test": "test testing tst",
}
_SPLITS = {name: split for split, names in _NAMES.items() for name in names.split()}
_AROUND = re.compile(r"^standard[ _-]|[ _-]?(set|split|fold|data)$")


def split_of(name: object) -> str | None:
    """Split ``train``, ``validation`` or ``test`` for a name such as ``dev`` or ``Valid``.

    Returns `None` for unknown names.
    """
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    if not isinstance(text, str) or len(text) > 40:
        return None
    bare = text.strip().lower()
    return _SPLITS.get(bare) or _SPLITS.get(_AROUND.sub("", bare))


def split_names(names: Iterable[Name]) -> dict[str, Name]:
    """Name of each split in a file, in the order train, validation, test.

    Raises
    ------
    ValueError
        If train or test is missing, or two names denote the same split
    """
    names = list(names)
    found: dict[str, list[Name]] = {}
    for name in names:
        split = split_of(name)
        if split is not None:
            found.setdefault(split, []).append(name)
    if not {"train", "test"} <= set(found) or any(len(same) > 1 for same in found.values()):
        raise ValueError(f"it must have train, test and one valid, not {listed(names)}")
    return {split: found[split][0] for split in _NAMES if split in found}


def note_of(split: str, name: object) -> list[str]:
    """Note on a split with a different name in the file."""
    usual = {split, "valid"} if split == "validation" else {split}
    return [] if name in usual else [f"read from {name!r}"]
