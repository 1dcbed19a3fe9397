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
    """Sums of per-sample metrics for each batch that was sent, and the intervals they give.

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
        self._sizes: list[int] = []
        self._distinct: dict[int, int] = {}
        self._sums: dict[str, list[float]] = {}
        self._squares: dict[str, float] = {}
        self._proportions: dict[str, bool] = {}

    def add(self, index: int, values: Mapping[str, Any]) -> None:
        """Add metrics ``[batch]`` of batch number ``index`` of the data."""
        arrays = {name: np.asarray(value) for name, value in values.items()}
        shapes = {array.shape for array in arrays.values()}
        if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] == 0:
            raise ValueError(
                "Metrics must have shape [batch], one value for each of one or more samples. "
                f"Received: {', '.join(f'{name} {a.shape}' for name, a in arrays.items())}"
            )
        for name in self._rule.target_half_width or {}:
            if name not in arrays:
                raise ValueError(
                    f"target_half_width: there is no metric {name!r}, only {', '.join(arrays)}"
                )
        self._sizes.append(shape[0])
        self._distinct[index] = shape[0]
        for name, array in arrays.items():
            bad = np.count_nonzero(~np.isfinite(array))
            if bad:
                raise FloatingPointError(
                    f"{name} is not finite for {bad} of {array.size} samples at an SNR of "
                    f"{self._snr_db:g} dB (batch {index} of the data)"
                )
            self._proportions[name] = array.dtype == bool
            array = array.astype(np.float64)
            self._sums.setdefault(name, []).append(float(array.sum()))
            self._squares[name] = self._squares.get(name, 0.0) + float(array @ array)

    def estimate(self, name: str) -> Estimate:
        """Mean of a metric so far, with its interval."""
        sums, count, proportion = self._sums[name], sum(self._sizes), self._proportions[name]
        sample_variance = max(self._squares[name] / count - (sum(sums) / count) ** 2, 0.0)
        num_distinct = sum(self._distinct.values())
        data_variance = intervals.repetition_variance(
            sample_variance, num_distinct, len(sums), len(self._distinct)
        )
        options = (self._rule.confidence, data_variance)
        if proportion:
            mean, low, high = intervals.wilson(sums, self._sizes, *options, num_distinct)
        else:
            method = getattr(intervals, self._rule.interval)
            mean, low, high = method(sums, self._sizes, *options)
        return Estimate(float(mean), float(low), float(high), count, proportion)

    def estimates(self) -> dict[str, Estimate]:
        """Means of all metrics so far, with their intervals."""
        return {name: self.estimate(name) for name in self._sums}

    def narrow_enough(self) -> bool:
        """If every targeted interval is as narrow as it should be."""
        targets = self._rule.target_half_width or {}
        return bool(targets) and all(
            self.estimate(name).half_width <= width for name, width in targets.items()
        )
