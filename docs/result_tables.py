# SPDX-License-Identifier: Apache-2.0
"""Curves as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sionna_semcom.metrics import limits
from sionna_semcom.simulation import Curve
from sionna_semcom.simulation.results.curves import Estimate
from sionna_semcom.simulation.results.labels import format_x, in_decibels, in_words, metric_label


def curves_table(
    curves: Mapping[str, Curve], names: Sequence[str], xs: Sequence[float] | None = None
) -> str:
    """Markdown tables with a row for each of ``curves``.

    Each of ``names`` that changes along ``xs`` has a table of its own, with a column for each
    point; the others are columns of one more table.
    """
    first = next(iter(curves.values()))
    if xs is None and not in_decibels(first.axis):
        return _points_table(curves, names, first.axis)
    xs = xs or list(first.x)
    for x in xs:
        if not any(np.isclose(curve.x, x).any() for curve in curves.values()):
            raise ValueError(f"No curve has a point at {format_x(first.axis, x)}")
    by_point = {f"summary:{name}" for curve in curves.values() for name in curve.point_summaries}
    fixed = [name for name in names if name.startswith("summary:") and name not in by_point]
    along = [name for name in names if name not in fixed]
    if len(xs) == 1:
        fixed, along = list(names), []
    axis = "" if in_decibels(first.axis) else f"{in_words(first.axis)} "
    tables = [
        _table(_head(name), curves, {f"{axis}{format_x(first.axis, x)}": (name, x) for x in xs})
        for name in along
    ]
    if fixed:
        x = xs[0] if len(xs) == 1 else None
        columns = {_head(name): (name, x) for name in fixed}
        tables.append(_table("Curve", curves, columns))
    return "\n".join(tables)


def within_ranges(curve: Curve) -> Curve:
    """``curve`` with intervals that end at the range of their metric, as those of figures do.

    Not for differences and gains, which have another range than their metric.
    """
    metrics = {name: metric.within(limits(name)) for name, metric in curve.metrics.items()}
    return replace(curve, metrics=metrics)


def of_seed(curve: Curve, number: int) -> Curve:
    """``curve`` with the means of training seed ``number`` (in order), which have no interval."""
    metrics = {
        name: metric
        if metric.per_seed is None
        else replace(metric, mean=metric.per_seed[number], ci_low=none, ci_high=none, per_seed=None)
        for name, metric in curve.metrics.items()
        for none in [np.full(len(metric.mean), np.nan)]
    }
    return replace(curve, metrics=metrics)


def _table(
    title: str, curves: Mapping[str, Curve], columns: Mapping[str, tuple[str, float | None]]
) -> str:
    rows = [
        [label, *(_cell(curve, name, x) for name, x in columns.values())]
        for label, curve in curves.items()
    ]
    return _markdown([title, *columns], rows)


def _points_table(curves: Mapping[str, Curve], names: Sequence[str], axis: str) -> str:
    """Markdown table with a row for each point of ``curves``."""
    heads = ["Curve", metric_label(axis), *map(_head, names)]
    rows = [
        [label, format_x(axis, x), *(_point(curve, name, index) for name in names)]
        for label, curve in curves.items()
        for index, x in enumerate(curve.x)
    ]
    return _markdown(heads, rows)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in [heads, ["---"] * len(heads), *rows])


def _head(name: str) -> str:
    return metric_label(name.removeprefix("summary:"))


def _cell(curve: Curve, name: str, x: float | None) -> str:
    """Value of ``curve`` at ``x``, or at all points; empty if it has no such point."""
    if x is None:
        return _point(curve, name, 0)
    indices = np.flatnonzero(np.isclose(curve.x, x))
    return "; ".join(_point(curve, name, index) for index in indices)


def _point(curve: Curve, name: str, index: int) -> str:
    """A metric or, with ``summary:``, a figure of one point."""
    if not name.startswith("summary:"):
        return three_digits(curve.metrics[name][index]) if name in curve.metrics else ""
    figure = name.removeprefix("summary:")
    by_point = curve.point_summaries.get(figure)
    value = curve.summary.get(figure, np.nan) if by_point is None else by_point[index]
    return "" if np.isnan(value) else _rounded(value)


def three_digits(estimate: Estimate) -> str:
    """Mean of three significant digits, and half width to the same place: "0.0331 ± 0.0007"."""
    mean, half_width = estimate.mean, estimate.half_width
    if math.isnan(mean):
        return ""
    if not math.isfinite(half_width):
        return _rounded(mean)
    largest = max(abs(mean), half_width)
    exponent = math.floor(math.log10(largest)) if largest > 0 else 0
    digits = min(max(0, 2 - exponent), 6)
    error = f"{half_width:.{digits}f}"
    if half_width > 1e-6 * abs(mean) and not float(error):  # else the rounding of float32
        error = f"{half_width:.1g}"
    return f"{mean:.{digits}f} ± {error if float(error) else 0}"


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
