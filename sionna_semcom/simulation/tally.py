# SPDX-License-Identifier: Apache-2.0
"""Running sums of metrics, kept by batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import intervals
from .results import Estimate
from .stop_rule import StopRule


class Tally:
    """Sums of per-sample metrics for each batch of the data, and the intervals they give.

    Parameters
    ----------
    snr_db : `float`
        SNR [dB] that error messages name
    rule : :class:`StopRule`
        Intervals, and when they are narrow enough
    """

    def __init__(self, snr_db: float, rule: StopRule) -> None:
        self._snr_db = snr_db
        self._rule = rule
        self._sums: dict[str, dict[int, float]] = {}
        self._sizes: dict[int, int] = {}
        self._proportions: dict[str, bool] = {}

    def add(self, cluster: int, values: Mapping[str, Any]) -> None:
        """Add metrics ``[batch]`` of batch number ``cluster`` of the data."""
        arrays = {name: np.asarray(value) for name, value in values.items()}
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] == 0:
            raise ValueError(
                "Metrics must have shape [batch], one value for each of one or more samples. "
                f"Received: {', '.join(f'{name} {a.shape}' for name, a in arrays.items())}"
            )
        self._sizes[cluster] = self._sizes.get(cluster, 0) + shape[0]
        for name, array in arrays.items():
            bad = np.count_nonzero(~np.isfinite(array))
            if bad:
                raise FloatingPointError(
                    f"{name} is not finite for {bad} of {array.size} samples at an SNR of "
                    f"{self._snr_db:g} dB (batch {cluster} of the data)"
                )
            self._proportions[name] = array.dtype == bool
            sums = self._sums.setdefault(name, {})
            sums[cluster] = sums.get(cluster, 0.0) + float(array.sum(dtype=np.float64))

    def estimate(self, name: str) -> Estimate:
        """Mean of a metric so far, with its interval."""
        if name not in self._sums:
            raise ValueError(f"There is no metric {name!r}, only {', '.join(self._sums)}")
        proportion = self._proportions[name]
        method = intervals.wilson if proportion else getattr(intervals, self._rule.interval)
        sums, sizes = list(self._sums[name].values()), list(self._sizes.values())
        mean, low, high = method(sums, sizes, self._rule.confidence)
        return Estimate(float(mean), float(low), float(high), sum(sizes), proportion)

    def estimates(self) -> dict[str, Estimate]:
        """Means of all metrics so far, with their intervals."""
        return {name: self.estimate(name) for name in self._sums}

    def narrow_enough(self) -> bool:
        """If every targeted interval is as narrow as it should be."""
        targets = self._rule.target_half_width or {}
        return bool(targets) and all(
            self.estimate(name).half_width <= width for name, width in targets.items()
        )
