# SPDX-License-Identifier: Apache-2.0
"""What a simulation found, and the HDF5 file that keeps it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
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

if TYPE_CHECKING:
    import pandas

_DOCUMENTS = ("settings", "versions", "checksums")
_MAX_BYTES = 2**26  # of what a result takes in memory; the largest so far take less than 1 MB
_PACKAGES = (
    "sionna-semcom", "sionna", "sionna-no-rt", "sionna-rt", "tensorflow", "keras", "numpy",
)  # fmt: skip


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
    threads : `int`, optional
        Threads that shared each operation of TensorFlow. Models that were trained in the same
        process depend on it by rounding; `None` where it is not known
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
        """The only curve.

        Raises
        ------
        ValueError
            If there are several
        """
        if len(self.curves) != 1:
            raise ValueError(f"The result has several curves: {listed(self.curves)}")
        return next(iter(self.curves.values()))

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics of all curves, in order of appearance."""
        return list(dict.fromkeys(name for c in self.curves.values() for name in c.metrics))

    def to_dataframe(self) -> pandas.DataFrame:
        """All estimates as a table of pandas, one row for each curve, point and metric.

        Output
        ------
        : `pandas.DataFrame`
            Columns ``curve``, ``snr_db`` [dB], the axis if it is another, ``metric``, ``mean``,
            ``ci_low``, ``ci_high`` and ``count``

        Raises
        ------
        ModuleNotFoundError
            If pandas is not installed (extra ``report``)
        """
        from .dataframe import to_dataframe

        return to_dataframe(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result to an HDF5 file, whole or not at all.

        A single curve is kept as ``/snr_db``, ``/metrics/<name>/{mean,ci_low,ci_high,count}`` and
        ``/summary/<name>``, along another axis with ``/x`` and ``/point_summary/<name>``; several
        curves likewise, each in ``/curves/<label>``. The attributes of the file hold the settings
        (JSON), the seed, versions, checksums and the number of threads.

        Raises
        ------
        ValueError
            If a label has a slash, which would be a path in the file, or a label or the title has
            control characters
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
                groups = {check_label(label): each for label, each in _ordered(file["curves"])}
            else:
                groups = {check_label(_text(file.attrs, "label")): file}
            curves = {label: _read_curve(group) for label, group in groups.items()}
        threads = None if threads is None else int(threads)
        return cls(curves, title, seed=int(seed), threads=threads, **documents)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
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
            proportion=_truth(source.attrs, "proportion"),
            per_seed=read_dataset(source, "per_seed") if "per_seed" in source else None,
        )
        for name, source in _ordered(group["metrics"])
    }
    scalars, x = group["summary"], group.get("x")
    summary = {name: float(read_dataset(scalars, name)) for name, _ in _ordered(scalars)}
    snr_db = read_dataset(group, "snr_db")
    if x is None:
        return Curve(snr_db, metrics, summary)
    points, axis = group["point_summary"], _text(x.attrs, "axis")
    by_point = {name: read_dataset(points, name) for name, _ in _ordered(points)}
    return Curve(snr_db, metrics, summary, axis, read_dataset(group, "x"), by_point)


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


def _create_ordered(parent: h5py.Group, name: str, members: Iterable[str]) -> h5py.Group:
    """Group that remembers the order of its members.

    HDF5's own tracking of the order adds times of creation: equal results would differ as files.
    """
    group = parent.create_group(name)
    group.attrs["order"] = np.array(list(members), h5py.string_dtype())
    return group


def _ordered(group: h5py.Group) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """Members of a group in their order."""
    names = np.asarray(group.attrs["order"])
    if names.ndim != 1 or not all(isinstance(name, str) for name in names.tolist()):
        raise ValueError(f"the attribute order of {group.name} must be names")
    for name in names.tolist():
        yield check_title(name), group[name]
