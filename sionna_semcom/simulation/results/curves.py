# SPDX-License-Identifier: Apache-2.0
"""Estimates of metrics, and curves of estimates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._messages import listed
from . import intervals
from .records import Records

Array = NDArray[Any]
SNR_AXIS = "snr_db"
EBNO_AXIS = "ebno_db"
POWER_AXIS = "tx_power_dbm"
_PARTS = ("mean", "ci_low", "ci_high", "count")


@dataclass(frozen=True)
class Estimate:
    """Estimated mean of a metric at one point, with its confidence interval."""

    mean: float
    ci_low: float
    ci_high: float
    count: int
    proportion: bool = False

    @property
    def half_width(self) -> float:
        """Distance between the mean and the farther bound of the interval."""
        return max(self.mean - self.ci_low, self.ci_high - self.mean)


@dataclass(frozen=True)
class Metric:
    """Estimates of one metric along a curve.

    Parameters
    ----------
    mean, ci_low, ci_high : [num_points], `np.float64`
        Mean and bounds of the confidence interval
    count : [num_points], `np.int64`
        Number of simulated samples
    proportion : `bool`
        If `True`, the metric is the proportion of samples for which a condition holds
    per_seed : `None` | [num_seeds, num_points], `np.float64`
        Means of the models of several training seeds. The interval is then over these means.
    """

    mean: Array
    ci_low: Array
    ci_high: Array
    count: Array
    proportion: bool = False
    per_seed: Array | None = None

    @classmethod
    def from_estimates(
        cls,
        estimates: Sequence[Sequence[Estimate]],
        confidence: float = 0.95,
        limits: tuple[float, float] = (-np.inf, np.inf),
    ) -> Metric:
        """Join estimates ``[num_seeds][num_points]`` of a metric with the range ``limits``."""
        rows = [[astuple(estimate) for estimate in row] for row in estimates]
        mean, low, high, count, proportion = np.moveaxis(np.array(rows, float), -1, 0)
        is_proportion, per_seed = bool(proportion.all()), None
        mean_, low_, high_ = mean[0], low[0], high[0]
        if len(estimates) > 1:
            bounds = intervals.over_seeds(mean, low, high, confidence)
            per_seed, (mean_, low_, high_) = mean, bounds
        joined = cls(mean_, low_, high_, count.sum(0).astype(np.int64), is_proportion, per_seed)
        return joined.within((0.0, 1.0) if is_proportion else limits)

    def within(self, limits: tuple[float, float]) -> Metric:
        """The same estimates, with intervals limited to the range of the metric."""
        low, high = intervals.limited(self.mean, self.ci_low, self.ci_high, limits)
        return replace(self, ci_low=low, ci_high=high)

    def __len__(self) -> int:
        """Number of points."""
        return len(self.mean)

    def __getitem__(self, index: int) -> Estimate:
        """Return the estimate at one point."""
        return Estimate(
            float(self.mean[index]),
            float(self.ci_low[index]),
            float(self.ci_high[index]),
            int(self.count[index]),
            self.proportion,
        )

    def __iter__(self) -> Iterator[Estimate]:
        """Iterate over the estimates of all points."""
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True)
class Curve:
    """All metrics of one system over one link, or of several systems along another axis.

    Parameters
    ----------
    snr_db : [num_points], `np.float64`
        SNR [dB] of each point. With a link budget, this is the SNR of the median drop. Infinity
        denotes a noiseless link.
    metrics : `dict` of :class:`Metric`
        Metrics of all points
    summary : `dict` of `float`
        Values that are equal at all points, such as channel uses
    axis : `str`
        Axis of the points: "snr_db" (default), "tx_power_dbm", "ebno_db", or a summary value such
        as "compression_factor"
    x : [num_points], `np.float64`
        Values on the axis. The default is ``snr_db``.
    point_summaries : `dict` of [num_points], `np.float64`
        Summary values that differ between points. NaN denotes a missing value.
    records : `None` | :class:`Records`
        Metrics of single samples, for CDFs, percentiles and outage
    """

    snr_db: Array
    metrics: Mapping[str, Metric]
    summary: Mapping[str, float] = field(default_factory=dict)
    axis: str = SNR_AXIS
    x: Array = field(default=None)  # type: ignore[arg-type]
    point_summaries: Mapping[str, Array] = field(default_factory=dict)
    records: Records | None = None

    def __post_init__(self) -> None:
        if self.axis == SNR_AXIS:
            object.__setattr__(self, "x", self.snr_db)
        elif self.x is None:
            raise ValueError(f"A curve along {self.axis!r} needs `x`")
        _check_points("snr_db", self.snr_db, len(np.atleast_1d(self.snr_db)))
        num_points = len(self.snr_db)
        _check_points("x", self.x, num_points)
        for name, values in (("snr_db", self.snr_db), ("x", self.x)):
            if np.isnan(values).any():
                raise ValueError(f"`{name}` must contain numbers. Received: nan")
        for name, metric in self.metrics.items():
            for part in _PARTS:
                _check_points(f"{part} of {name}", getattr(metric, part), num_points)
            if metric.per_seed is not None:
                _check_points(f"per_seed of {name}", metric.per_seed, num_points, num_axes=2)
        for name, values in self.point_summaries.items():
            _check_points(name, values, num_points)


def _check_points(name: str, values: Array, num_points: int, num_axes: int = 1) -> None:
    """Check that ``values`` have one real number per point along the last axis."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{listed([name])} must contain real numbers. Received: {array.dtype}")
    if array.ndim != num_axes or array.shape[-1] != num_points or not array.size:
        wanted = "[num_seeds, num_points]" if num_axes == 2 else "[num_points]"
        raise ValueError(
            f"{listed([name])} must have the shape {wanted} with one point or more, as many as "
            f"`snr_db`, which has {num_points}. Received: {array.shape}"
        )
