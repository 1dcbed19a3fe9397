# SPDX-License-Identifier: Apache-2.0
"""Recording of the metrics of single samples during a simulation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..._messages import shortened
from ..results.records import DROP_COLUMN, Columns
from .tally import UNDECIDABLE

_MOST_IN_BATCH = 2**31


class Recorder:
    """Random selection of samples whose metrics are recorded (uniform, without replacement).

    Parameters
    ----------
    most : `int`
        Maximum number of samples
    skipped : collection of `str`
        Metrics that are not defined per sample

    Raises
    ------
    ValueError
        If ``most`` is not a non-negative integer
    """

    def __init__(self, most: int, skipped: Collection[str] = ()) -> None:
        if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 0:
            raise ValueError(
                f"`records` must be a non-negative integer. Received: {shortened(most)}"
            )
        self._most = most
        self._skipped = {UNDECIDABLE, *skipped}
        self._rng = np.random.default_rng(0)
        self._keys = np.zeros(0)
        self._columns: dict[str, np.ndarray] = {}

    def add(self, batch: int, figures: Mapping[str, Any], drops: Any = None) -> None:
        """Add the metrics [batch] of one batch, and the channel drop of each sample, if known.

        Raises
        ------
        ValueError
            If a metric has the name of the column of drops
        """
        new = {n: np.asarray(v) for n, v in figures.items() if n not in self._skipped}
        size = len(next(iter(new.values()), ()))
        if not self._most or not size:
            return
        if DROP_COLUMN in new:
            raise ValueError(
                f"{DROP_COLUMN!r} is reserved for channels in `records`, and must not be "
                f"the name of a metric. Received: {', '.join(new)}"
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
        """Metrics of the recorded samples and their channel drops, by name."""
        return {name: values.tolist() for name, values in self._columns.items()}
