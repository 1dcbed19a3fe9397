# SPDX-License-Identifier: Apache-2.0
"""Results of simulations, and their HDF5 files."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from pydantic_core import to_json

from ..._files import atomic_hdf5
from ..._hdf5 import open_hdf5, read_dataset, read_json
from ..._messages import listed, shortened
from .curves import SNR_AXIS, Curve, Metric
from .names import check_label, check_title
from .ordered import create_ordered, ordered
from .records import read_records, write_records

if TYPE_CHECKING:
    import pandas

_DOCUMENTS = ("settings", "versions", "checksums")
_MAX_BYTES = 2**26  # memory limit of a result; the largest shipped result takes less than 1 MB
_PACKAGES = (
    "sionna-semcom", "sionna", "sionna-no-rt", "sionna-rt", "tensorflow", "keras", "numpy",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Curves by label, with all information that is needed to repeat the simulation.

    Parameters
    ----------
    curves : `dict` of :class:`Curve`
        Curves by label
    title : `str`
        Title of the figure
    settings : `dict`
        All settings
    seed : `int`
        Seed of all random numbers
    versions : `dict` of `str`
        Versions of the packages that computed the result
    checksums : `dict` of `str`
        SHA-256 of data and models
    threads : `int`, optional
        Number of threads per TensorFlow operation. It affects the rounding, and thus models that
        were trained in the same process. `None` if it is unknown.
    """

    curves: Mapping[str, Curve]
    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=lambda: package_versions())
    checksums: Mapping[str, str] = field(default_factory=dict)
    threads: int | None = None

    @property
    def curve(self) -> Curve:
        """The curve of a result with a single curve.

        Raises
        ------
        ValueError
            If the result has several curves
        """
        if len(self.curves) != 1:
            raise ValueError(f"The result has several curves: {listed(self.curves)}")
        return next(iter(self.curves.values()))

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics of all curves, in order of appearance."""
        return list(dict.fromkeys(name for c in self.curves.values() for name in c.metrics))

    def to_dataframe(self) -> pandas.DataFrame:
        """Convert all estimates to a pandas data frame, one row per curve, point and metric.

        Output
        ------
        : `pandas.DataFrame`
            Columns ``curve``, ``snr_db`` [dB], the axis if it is not the SNR, ``metric``, ``mean``,
            ``ci_low``, ``ci_high`` and ``count``

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed (extra ``report``)
        """
        from .dataframe import to_dataframe

        return to_dataframe(self.curves)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result atomically to an HDF5 file.

        A single curve is stored as ``/snr_db``, ``/metrics/<name>/{mean,ci_low,ci_high,count}`` and
        ``/summary/<name>``. Curves along another axis also have ``/x`` and
        ``/point_summary/<name>``. Records of samples are stored as ``/records/{point,seed,drop}``
        and ``/records/values/<name>``. Several curves have the same structure below
        ``/curves/<label>``. The attributes of the file are the settings (JSON), the seed, versions,
        checksums and the number of threads.

        Raises
        ------
        ValueError
            If a label contains a slash, or a label or the title contains control characters
        OSError
            If the file cannot be written
        """
        for label in self.curves:
            check_label(label)
        check_title(self.title)
        with atomic_hdf5(path) as file:
            file.attrs["title"] = self.title
            file.attrs["seed"] = self.seed
            if self.threads is not None:
                file.attrs["threads"] = self.threads
            for name in _DOCUMENTS:
                file.attrs[name] = to_json(getattr(self, name), inf_nan_mode="strings").decode()
            if len(self.curves) == 1:
                file.attrs["label"] = next(iter(self.curves))
                _write_curve(file, self.curve)
            else:
                group = create_ordered(file, "curves", self.curves)
                for label, curve in self.curves.items():
                    _write_curve(group.create_group(label), curve)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """Read a file of :meth:`save`.

        Raises
        ------
        FileNotFoundError
            If the file does not exist
        ValueError
            If the file is damaged or not a result
        """
        with open_hdf5(path, "result file", usual=_MAX_BYTES) as file:
            title, seed = _text(file.attrs, "title"), file.attrs["seed"]
            if not isinstance(seed, int | np.integer):
                raise ValueError(f"the seed must be an integer. Received: {shortened(seed)}")
            threads = file.attrs.get("threads")
            if not isinstance(threads, int | np.integer | None):
                raise ValueError(f"`threads` must be an integer. Received: {shortened(threads)}")
            documents = {name: _document(file.attrs, name) for name in _DOCUMENTS}
            for name in ("versions", "checksums"):
                if not all(isinstance(value, str) for value in documents[name].values()):
                    raise ValueError(f"the {name} must be strings")
            if "curves" in file:
                groups = {check_label(label): each for label, each in ordered(file["curves"])}
            else:
                groups = {check_label(_text(file.attrs, "label")): file}
            curves = {label: _read_curve(group) for label, group in groups.items()}
        threads = None if threads is None else int(threads)
        return cls(curves, title, seed=int(seed), threads=threads, **documents)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that affect a result."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # Sionna can be installed without its ray tracer
            continue
    return versions


def _write_curve(group: h5py.Group, curve: Curve) -> None:
    group["snr_db"] = curve.snr_db
    group["snr_db"].attrs["unit"] = "dB"
    metrics = create_ordered(group, "metrics", curve.metrics)
    for name, metric in curve.metrics.items():
        target = metrics.create_group(name)
        target.attrs["proportion"] = metric.proportion
        for part in ("mean", "ci_low", "ci_high", "count", "per_seed"):
            values = getattr(metric, part)
            if values is not None:
                target[part] = values
    write_records(group, curve.records)
    summary = create_ordered(group, "summary", curve.summary)
    for name, value in curve.summary.items():
        summary[name] = value
    if curve.axis != SNR_AXIS:
        group["x"] = curve.x
        group["x"].attrs["axis"] = curve.axis
        by_point = create_ordered(group, "point_summary", curve.point_summaries)
        for name, values in curve.point_summaries.items():
            by_point[name] = values


def _read_curve(group: h5py.Group) -> Curve:
    metrics = {
        name: Metric(
            **{part: _numbers(source, part) for part in ("mean", "ci_low", "ci_high", "count")},
            proportion=_truth(source.attrs, "proportion"),
            per_seed=_numbers(source, "per_seed") if "per_seed" in source else None,
        )
        for name, source in ordered(group["metrics"])
    }
    scalars, x = group["summary"], group.get("x")
    summary = {name: float(read_dataset(scalars, name)) for name, _ in ordered(scalars)}
    snr_db, records = _numbers(group, "snr_db"), read_records(group)
    if x is None:
        return Curve(snr_db, metrics, summary, records=records)
    points, axis = group["point_summary"], _text(x.attrs, "axis")
    by_point = {name: _numbers(points, name) for name, _ in ordered(points)}
    return Curve(snr_db, metrics, summary, axis, _numbers(group, "x"), by_point, records)


def _numbers(group: h5py.Group, name: str) -> np.ndarray:
    """An array, in double precision if it is in floating point; counts are integers."""
    values = read_dataset(group, name)
    if name == "count" and values.dtype.kind not in "iu":
        raise ValueError(f"count must be integers. Received: {values.dtype}")
    return values.astype(float) if values.dtype.kind == "f" else values


def _text(attributes: h5py.AttributeManager, name: str) -> str:
    value = attributes[name]
    if not isinstance(value, str):
        raise ValueError(f"the attribute {name} must be a string. Received: {shortened(value)}")
    return check_title(value)


def _truth(attributes: h5py.AttributeManager, name: str) -> bool:
    value = attributes[name]
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"the attribute {name} must be true or false. Received: {value!r:.60}")
    return bool(value)


def _document(attributes: h5py.AttributeManager, name: str) -> dict[str, Any]:
    document = read_json(_text(attributes, name), f"`{name}`")
    if not isinstance(document, dict):
        raise ValueError(f"the {name} must be a JSON object. Received: {shortened(document)}")
    return document
