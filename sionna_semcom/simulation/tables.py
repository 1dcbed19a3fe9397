# SPDX-License-Identifier: Apache-2.0
"""Results as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from .labels import format_estimate, format_snr, metric_label
from .results import Curve

MAX_COLUMNS = 4  # of numbers, which fit a terminal of 80 characters


def result_tables(
    curves: Mapping[str, Curve], metrics: Sequence[str] | None = None
) -> Iterator[Table]:
    """Tables of each metric, and of what does not depend on the SNR.

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
            raise ValueError(f"There is no metric {name!r}, only {', '.join(known)}")
        yield from _metric_tables(curves, name)
    figures = {
        (metric_label(name), label): f"{value:.4g}"
        for label, curve in curves.items()
        for name, value in curve.summary.items()
    }
    names = list(dict.fromkeys(name for name, _ in figures))
    yield from _tables("Whatever the SNR", names, list(curves) if names else [], figures)


def _metric_tables(curves: Mapping[str, Curve], name: str) -> Iterator[Table]:
    """SNRs down and curves across, or the other way round if there are more curves."""
    estimates = {
        (snr_db, label): format_estimate(estimate)
        for label, curve in curves.items()
        if name in curve.metrics
        for snr_db, estimate in zip(curve.snr_db, curve.metrics[name], strict=True)
    }
    snrs = sorted({snr_db for snr_db, _ in estimates})
    cells = {(format_snr(snr_db), label): text for (snr_db, label), text in estimates.items()}
    rows, columns = [format_snr(snr_db) for snr_db in snrs], list(curves)
    if len(columns) > len(rows):
        cells = {(label, snr): text for (snr, label), text in cells.items()}
        rows, columns = columns, rows
    return _tables(metric_label(name), rows, columns, cells)


def _tables(
    title: str, rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], str]
) -> Iterator[Table]:
    """Tables of ``cells`` by row and column, each with as many columns as fit."""
    for first in range(0, len(columns), MAX_COLUMNS):
        shown = columns[first : first + MAX_COLUMNS]
        table = Table(title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("")
        for column in shown:
            table.add_column(Text(column), justify="right")
        for row in rows:
            table.add_row(Text(row), *(cells.get((row, column), "") for column in shown))
        yield table
