# SPDX-License-Identifier: Apache-2.0
"""What a simulation found, and the HDF5 file that keeps it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from .._files import atomic_path
from .._hdf5 import open_hdf5, read_dataset, read_json
from . import intervals

Array = NDArray[Any]
SNR_AXIS = "snr_db"
_DOCUMENTS = ("settings", "versions", "checksums")
_MAX_BYTES = 2**26  # of what a result takes in memory; the largest so far take less than 1 MB


@dataclass(frozen=True)
class Estimate:
    """Mean of one metric at one point, with its confidence interval."""

    mean: float
    ci_low: float
    ci_high: float
    count: int
    proportion: bool = False

    @property
    def half_width(self) -> float:
        """Distance from the mean to the farther end of the interval."""
        return max(self.mean - self.ci_low, self.ci_high - self.mean)


@dataclass(frozen=True)
class Metric:
    """One metric along a curve.

    Parameters
    ----------
    mean, ci_low, ci_high : [num_points], `np.float64`
        Mean and confidence interval
    count : [num_points], `np.int64`
        Samples that were simulated
    proportion : `bool`
        If the metric is the share of samples for which something holds
    per_seed : `None` | [num_seeds, num_points], `np.float64`
        Means of the models trained with different seeds; the interval is then that over them
    """

    mean: Array
    ci_low: Array
    ci_high: Array
    count: Array
    proportion: bool = False
    per_seed: Array | None = None

    @classmethod
    def from_estimates(
        cls, estimates: Sequence[Sequence[Estimate]], confidence: float = 0.95
    ) -> Metric:
        """Join estimates ``[num_seeds][num_points]``."""
        rows = [[astuple(estimate) for estimate in row] for row in estimates]
        mean, low, high, count, proportion = np.moveaxis(np.array(rows, float), -1, 0)
        is_proportion, per_seed = bool(proportion.all()), None
        mean_, low_, high_ = mean[0], low[0], high[0]
        if len(estimates) > 1:
            bounds = intervals.over_seeds(mean, low, high, confidence, is_proportion)
            per_seed, (mean_, low_, high_) = mean, bounds
        return cls(mean_, low_, high_, count.sum(0).astype(np.int64), is_proportion, per_seed)

    def __len__(self) -> int:
        """Number of points."""
        return len(self.mean)

    def __getitem__(self, index: int) -> Estimate:
        """Give the estimate at one point."""
        return Estimate(
            float(self.mean[index]),
            float(self.ci_low[index]),
            float(self.ci_high[index]),
            int(self.count[index]),
            self.proportion,
        )

    def __iter__(self) -> Iterator[Estimate]:
        """Estimates, point by point."""
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True)
class Curve:
    """All metrics of one system over one link, or of several against a figure of theirs.

    Parameters
    ----------
    snr_db : [num_points], `np.float64`
        SNR [dB] of each point; infinity is the noiseless link
    metrics : `dict` of :class:`Metric`
        Metrics of each point
    summary : `dict` of `float`
        Figures that are equal at all points, such as channel uses against SNR
    axis : `str`
        What the points are along: "snr_db" (default) or a figure such as "compression_factor"
    x : [num_points], `np.float64`
        Where they are along the axis; ``snr_db`` by default
    point_summaries : `dict` of [num_points], `np.float64`
        Figures that differ between points; NaN where a point has none
    """

    snr_db: Array
    metrics: Mapping[str, Metric]
    summary: Mapping[str, float] = field(default_factory=dict)
    axis: str = SNR_AXIS
    x: Array = field(default=None)  # type: ignore[arg-type]
    point_summaries: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.axis == SNR_AXIS:
            object.__setattr__(self, "x", self.snr_db)
        elif self.x is None:
            raise ValueError(f"A curve along {self.axis!r} needs `x`")


@dataclass(frozen=True)
class Result:
    """Curves by label, and what it takes to run them again.

    Parameters
    ----------
    curves : `dict` of :class:`Curve`
        Curves by label
    title : `str`
        Title of the figure
    settings : `dict`
        Everything that was set
    seed : `int`
        Seed from which all randomness derives
    versions : `dict` of `str`
        Versions of the packages that computed the result
    checksums : `dict` of `str`
        SHA-256 of the data and the models
    """

    curves: Mapping[str, Curve]
    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=lambda: package_versions())
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def curve(self) -> Curve:
        """The only curve.

        Raises
        ------
        ValueError
            If there are several
        """
        if len(self.curves) != 1:
            raise ValueError(f"The result has several curves: {', '.join(self.curves)}")
        return next(iter(self.curves.values()))

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics of all curves, in order of appearance."""
        return list(dict.fromkeys(name for c in self.curves.values() for name in c.metrics))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result to an HDF5 file, whole or not at all.

        A single curve is kept as ``/snr_db``, ``/metrics/<name>/{mean,ci_low,ci_high,count}`` and
        ``/summary/<name>``, along another axis with ``/x`` and ``/point_summary/<name>``; several
        curves likewise, each in ``/curves/<label>``. The attributes of the file hold the settings
        (JSON), the seed, versions and checksums.

        Raises
        ------
        ValueError
            If a label has a slash, which would be a path in the file
        """
        for label in self.curves:
            if "/" in label:
                raise ValueError(f"A curve's label must have no slash. Received: {label!r}")
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs["title"] = self.title
            file.attrs["seed"] = self.seed
            for name in _DOCUMENTS:
                file.attrs[name] = to_json(getattr(self, name), inf_nan_mode="strings").decode()
            if len(self.curves) == 1:
                file.attrs["label"] = next(iter(self.curves))
                _write_curve(file, self.curve)
            else:
                group = _create_ordered(file, "curves", self.curves)
                for label, curve in self.curves.items():
                    _write_curve(group.create_group(label), curve)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """Read what :meth:`save` wrote.

        Raises
        ------
        FileNotFoundError
            If there is no such file
        ValueError
            If the file is damaged or not a result
        """
        message = f"{path} is damaged or not a result file"
        with open_hdf5(path, "result file", usual=_MAX_BYTES, message=message) as file:
            attributes = dict(file.attrs)
            if "curves" in file:
                groups = dict(_ordered(file["curves"]))
            else:
                groups = {attributes["label"]: file}
            curves = {label: _read_curve(group) for label, group in groups.items()}
            documents = {name: read_json(attributes[name], f"`{name}`") for name in _DOCUMENTS}
            title, seed = attributes["title"], int(attributes["seed"])
        return cls(curves, title, seed=seed, **documents)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result."""
    versions = {"python": platform.python_version()}
    for name in ("sionna-semcom", "sionna", "sionna-no-rt", "tensorflow", "keras", "numpy"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # sionna comes with or without its ray tracer
            continue
    return versions


def _write_curve(group: h5py.Group, curve: Curve) -> None:
    group["snr_db"] = curve.snr_db
    group["snr_db"].attrs["unit"] = "dB"
    metrics = _create_ordered(group, "metrics", curve.metrics)
    for name, metric in curve.metrics.items():
        target = metrics.create_group(name)
        target.attrs["proportion"] = metric.proportion
        for part in ("mean", "ci_low", "ci_high", "count", "per_seed"):
            values = getattr(metric, part)
            if values is not None:
                target[part] = values
    summary = _create_ordered(group, "summary", curve.summary)
    for name, value in curve.summary.items():
        summary[name] = value
    if curve.axis != SNR_AXIS:
        group["x"] = curve.x
        group["x"].attrs["axis"] = curve.axis
        by_point = _create_ordered(group, "point_summary", curve.point_summaries)
        for name, values in curve.point_summaries.items():
            by_point[name] = values


def _read_curve(group: h5py.Group) -> Curve:
    metrics = {
        name: Metric(
            **{part: read_dataset(source, part) for part in ("mean", "ci_low", "ci_high", "count")},
            proportion=bool(source.attrs["proportion"]),
            per_seed=read_dataset(source, "per_seed") if "per_seed" in source else None,
        )
        for name, source in _ordered(group["metrics"])
    }
    scalars, x = group["summary"], group.get("x")
    summary = {name: float(read_dataset(scalars, name)) for name, _ in _ordered(scalars)}
    snr_db = read_dataset(group, "snr_db")
    if x is None:
        return Curve(snr_db, metrics, summary)
    points = group["point_summary"]
    by_point = {name: read_dataset(points, name) for name, _ in _ordered(points)}
    return Curve(snr_db, metrics, summary, x.attrs["axis"], read_dataset(group, "x"), by_point)


def _create_ordered(parent: h5py.Group, name: str, members: Iterable[str]) -> h5py.Group:
    """Group that remembers the order of its members.

    HDF5's own tracking of the order adds times of creation: equal results would differ as files.
    """
    group = parent.create_group(name)
    group.attrs["order"] = np.array(list(members), h5py.string_dtype())
    return group


def _ordered(group: h5py.Group) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """Members of a group in their order."""
    return ((name, group[name]) for name in group.attrs["order"])
