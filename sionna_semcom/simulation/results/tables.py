# SPDX-License-Identifier: Apache-2.0
"""Tables of results for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from ..._messages import did_you_mean, listed, shortened
from .curves import SNR_AXIS, Curve
from .labels import (
    axis_words,
    format_estimate,
    format_snr,
    format_x,
    in_decibels,
    metric_label,
)

MAX_COLUMNS = 4  # columns of numbers that fit a terminal of 80 characters


def result_tables(
    curves: Mapping[str, Curve], metrics: Sequence[str] | None = None
) -> Iterator[Table]:
    """Tables of each metric and of the summary values.

    Parameters
    ----------
    curves : `dict` of :class:`Curve`
        Curves by label
    metrics : `None` (all) | sequence of `str`
        Metrics to show

    Raises
    ------
    ValueError
        If no curve has a metric
    """
    known = list(dict.fromkeys(name for curve in curves.values() for name in curve.metrics))
    for name in metrics or known:
        if name not in known:
            raise ValueError(
                f"There is no metric {shortened(name)}, only {listed(known, 20)}"
                + did_you_mean(name, known)
            )
    for axis in dict.fromkeys(curve.axis for curve in curves.values()):
        along = {label: curve for label, curve in curves.items() if curve.axis == axis}
        yield from _axis_tables(along, axis, metrics or known)


def _axis_tables(curves: Mapping[str, Curve], axis: str, metrics: Sequence[str]) -> Iterator[Table]:
    """Tables of ``curves`` with the same axis."""
    for name in metrics:
        estimates = {
            label: [format_estimate(estimate) for estimate in curve.metrics[name]]
            for label, curve in curves.items()
            if name in curve.metrics
        }
        yield from _point_tables(curves, axis, name, estimates)
    for name in dict.fromkeys(name for curve in curves.values() for name in curve.point_summaries):
        figures = {
            label: ["" if np.isnan(value) else f"{value:.4g}" for value in values]
            for label, curve in curves.items()
            if (values := curve.point_summaries.get(name)) is not None
        }
        yield from _point_tables(curves, axis, name, figures)
    summaries = {
        (metric_label(name), label): f"{value:.4g}"
        for label, curve in curves.items()
        for name, value in curve.summary.items()
    }
    names = list(dict.fromkeys(name for name, _ in summaries))
    title = f"Independent of the {axis_words(axis)}"
    yield from _tables(title, names, list(curves) if names else [], summaries)


def _point_tables(
    curves: Mapping[str, Curve], axis: str, name: str, texts: Mapping[str, Sequence[str]]
) -> Iterator[Table]:
    """Tables of points (rows) and curves (columns), transposed if there are more curves."""
    title = metric_label(name)
    if axis != SNR_AXIS:
        title += f" against {axis_words(axis)}"
    if not in_decibels(axis):
        snrs = sorted({float(snr_db) for curve in curves.values() for snr_db in curve.snr_db})
        title += f", {', '.join(map(format_snr, snrs))}"
    cells: dict[tuple[str, str], str] = {}
    for label, column in texts.items():
        for x, text in zip(curves[label].x, column, strict=True):
            key = (format_x(axis, x), label)
            cells[key] = f"{cells[key]}; {text}" if key in cells else text
    values = sorted({float(x) for label in texts for x in curves[label].x})
    rows, columns = list(dict.fromkeys(format_x(axis, x) for x in values)), list(curves)
    if len(columns) > len(rows):
        cells = {(label, x): text for (x, label), text in cells.items()}
        rows, columns = columns, rows
    return _tables(title, rows, columns, cells)


def _tables(
    title: str, rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], str]
) -> Iterator[Table]:
    """Tables of ``cells`` by row and column, split into tables that fit the width."""
    for first in range(0, len(columns), MAX_COLUMNS):
        shown = columns[first : first + MAX_COLUMNS]
        table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("")
        for column in shown:
            table.add_column(Text(column), justify="right")
        for row in rows:
            table.add_row(Text(row), *(cells.get((row, column), "") for column in shown))
        yield table
