# SPDX-License-Identifier: Apache-2.0
"""Records of single samples while a point is simulated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..results.records import DROP_COLUMN, Columns
from .tally import UNDECIDABLE

_MOST_IN_BATCH = 2**31


class Recorder:
    """Keeps the figures of samples drawn at random, each with the same chance.

    Parameters
    ----------
    most : `int`
        Samples that are kept
    skipped : collection of `str`
        Figures that are not of single samples
    """

    def __init__(self, most: int, skipped: Collection[str] = ()) -> None:
        self._most = most
        self._skipped = {UNDECIDABLE, *skipped}
        self._rng = np.random.default_rng(0)
        self._keys = np.zeros(0)
        self._columns: dict[str, np.ndarray] = {}

    def add(self, batch: int, figures: Mapping[str, Any], drops: Any = None) -> None:
        """Add the figures [batch] of one batch, and the drops that its samples met, if known.

        Raises
        ------
        ValueError
            If a figure has the name of the column of drops
        """
        new = {n: np.asarray(v) for n, v in figures.items() if n not in self._skipped}
        size = len(next(iter(new.values()), ()))
        if not self._most or not size:
            return
        if DROP_COLUMN in new:
            raise ValueError(
                f"{DROP_COLUMN!r} is the column of channels in records, so no metric can have this "
                f"name where `records` are kept. Received: {', '.join(new)}"
            )
        drops = np.full(size, -1) if drops is None else np.asarray(drops, np.int64)
        new = {n: values.astype(np.float32) for n, values in new.items()}
        new[DROP_COLUMN] = np.where(drops >= 0, drops, drops - batch * _MOST_IN_BATCH)
        keys = np.concatenate([self._keys, self._rng.random(size)])
        kept = np.sort(np.argsort(keys)[: self._most])
        self._keys = keys[kept]
        self._columns = {
            n: np.concatenate([self._columns.get(n, values[:0]), values])[kept]
            for n, values in new.items()
        }

    @property
    def columns(self) -> Columns:
        """Figures of the samples that are kept, and their drops, by name."""
        return {name: values.tolist() for name, values in self._columns.items()}
