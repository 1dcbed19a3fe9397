# SPDX-License-Identifier: Apache-2.0
"""Running sums of metrics per batch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..._messages import listed
from ..._parts.metric_ranges import limits
from ..results import intervals
from ..results.curves import Estimate
from .stop_rule import StopRule

UNDECIDABLE = "undecidable"
"""Key of `add` for the number of samples whose decision has non-finite inputs"""


class Spread:
    """Running variance of batches of values (Chan, Golub, LeVeque, 1983)."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def add(self, values: np.ndarray) -> None:
        """Add ``values`` of shape [batch]."""
        count = self._count + len(values)
        step = float(values.mean()) - self._mean
        self._squares += float(np.sum((values - values.mean()) ** 2))
        self._squares += step**2 * self._count * len(values) / count
        self._mean += step * len(values) / count
        self._count = count

    @property
    def variance(self) -> float:
        """Mean squared deviation from the mean."""
        return self._squares / self._count


class Tally:
    """Sums of per-sample metrics for each transmitted batch, and the resulting intervals.

    Parameters
    ----------
    snr_db : `float`
        SNR [dB] in error messages
    rule : :class:`StopRule`
        Stopping rule and type of intervals
    aggregates : `dict` of callables
        Functions of means by metric. Samples of these metrics have components ``[batch, n]``.
    """

    def __init__(
        self,
        snr_db: float,
        rule: StopRule,
        aggregates: Mapping[str, Callable[[np.ndarray], float]] | None = None,
    ) -> None:
        self._snr_db = snr_db
        self._rule = rule
        self._aggregates = dict(aggregates or {})
        self._components: dict[str, dict[int, np.ndarray]] = {}
        self._sent: Counter[int] = Counter()
        self._sizes: list[int] = []
        self._distinct: dict[int, int] = {}
        self._sums: dict[str, list[float]] = {}
        self._spreads: dict[str, Spread] = {}
        self._proportions: dict[str, bool] = {}

    def add(self, index: int, values: Mapping[str, Any]) -> None:
        """Add the metrics ``[batch]`` and components of aggregates ``[batch, n]`` of one batch.

        ``index`` is the index of the batch in the data.

        Raises
        ------
        ValueError
            If a metric does not have one value per sample, batches have different metrics, or a
            target refers to an unknown metric
        FloatingPointError
            If a metric, or the input of a decision, is not finite
        """
        arrays = {name: np.asarray(value) for name, value in values.items()}
        undecidable = int(arrays.pop(UNDECIDABLE, 0))
        shapes = {a.shape[: 2 - (name in self._aggregates)] for name, a in arrays.items()}
        if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] == 0:
            raise ValueError(
                "Metrics must have shape [batch], one value per sample, with at least one sample. "
                f"Received: {', '.join(f'{name} {a.shape}' for name, a in arrays.items())}"
            )
        self._check_names(arrays, index)
        self._check_targets(arrays)
        self._sizes.append(shape[0])
        self._distinct[index] = shape[0]
        self._sent[index] += shape[0]
        for name, array in arrays.items():
            self._check_finite(name, index, array)
            if array.dtype.kind == "c":
                raise ValueError(f"Metrics must be real. Received: {name} of type {array.dtype}")
            if name in self._aggregates:
                kept = self._components.setdefault(name, {})
                kept[index] = kept.get(index, 0.0) + array.sum(0, np.longdouble)
                continue
            self._proportions[name] = array.dtype == bool
            array = array.astype(np.float64)
            self._sums.setdefault(name, []).append(float(array.sum()))
            self._spreads.setdefault(name, Spread()).add(array)
        if undecidable:
            decisions = ", ".join(n for n, a in arrays.items() if a.dtype == bool) or "a metric"
            raise FloatingPointError(
                f"Decisions of {decisions} have non-finite inputs for {undecidable} of {shape[0]} "
                f"samples at an SNR of {self._snr_db:g} dB (batch {index} of the data)"
            )

    def _check_names(self, arrays: Mapping[str, np.ndarray], index: int) -> None:
        known = [*self._sums, *self._components]
        if self._sizes and set(arrays) != set(known):
            raise ValueError(
                f"All batches must have the same metrics. Received: {listed(known, 40)} in the "
                f"first batch, but {listed(arrays, 40)} in batch {index} of the data"
            )

    def _check_targets(self, arrays: Mapping[str, np.ndarray]) -> None:
        for key in ("target_half_width", "num_target_errors"):
            for name in getattr(self._rule, key) or {}:
                if name not in arrays:
                    raise ValueError(
                        f"{key}: there is no metric {name!r}, only {', '.join(arrays)}"
                    )
        for name in self._rule.num_target_errors or {}:
            if arrays[name].dtype != bool:
                raise ValueError(
                    "num_target_errors needs metrics of type bool, such as bler. "
                    f"Received: {name} of type {arrays[name].dtype}"
                )

    def _check_finite(self, name: str, index: int, array: np.ndarray) -> None:
        bad = np.count_nonzero(~np.isfinite(array))
        if bad:
            raise FloatingPointError(
                f"{name} is not finite for {bad} of {array.size} samples at an SNR of "
                f"{self._snr_db:g} dB (batch {index} of the data)"
            )

    def estimate(self, name: str) -> Estimate:
        """Current mean of a metric, or function of means, with its interval."""
        if name in self._components:
            return self._aggregate(name)
        sums, count, proportion = self._sums[name], sum(self._sizes), self._proportions[name]
        num_distinct = sum(self._distinct.values())
        data_variance = intervals.repetition_variance(
            self._spreads[name].variance, num_distinct, len(sums), len(self._distinct)
        )
        options = (self._rule.confidence, data_variance)
        if proportion:
            mean, low, high = intervals.wilson(sums, self._sizes, *options, num_distinct)
        else:
            method = getattr(intervals, self._rule.interval)
            mean, low, high = method(sums, self._sizes, *options)
        return Estimate(float(mean), float(low), float(high), count, proportion)

    def _aggregate(self, name: str) -> Estimate:
        sums = self._components[name]
        sizes = [self._sent[index] for index in sums]
        mean, low, high = intervals.jackknife(
            list(sums.values()), sizes, self._aggregates[name], self._rule.confidence
        )
        return Estimate(float(mean), float(low), float(high), sum(sizes))

    def result(self) -> dict[str, Estimate]:
        """Final estimates of all metrics.

        Raises
        ------
        FloatingPointError
            If a function of means is not finite. Other metrics are checked for each sample.
        """
        found = self.estimates()
        for name in self._components:
            if not math.isfinite(mean := found[name].mean):
                raise FloatingPointError(
                    f"{name}, a function of means, is not finite at an SNR of {self._snr_db:g} dB. "
                    f"Received: {mean}"
                )
        return found

    def estimates(self) -> dict[str, Estimate]:
        """Current means of all metrics, with their intervals."""
        return {name: self.estimate(name) for name in (*self._sums, *self._components)}

    def reached_targets(self) -> bool:
        """Whether all targeted intervals are narrow enough and all error counts large enough.

        `False` if there are no targets.
        """
        widths = self._rule.target_half_width or {}
        errors = self._rule.num_target_errors or {}
        return bool(widths or errors) and (
            all(sum(self._sums[name]) >= number for name, number in errors.items())
            and all(self._is_narrow(name, width) for name, width in widths.items())
        )

    def _is_narrow(self, name: str, width: float) -> bool:
        """Whether an interval has at most a half width of ``width``.

        Values that are all at the end of the range of a metric, such as a BER without errors, do
        not tell how much it varies.
        """
        found = self.estimate(name)
        constant = found.half_width == 0 and found.mean in limits(name)
        return found.half_width <= width and not constant
