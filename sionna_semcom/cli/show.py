# SPDX-License-Identifier: Apache-2.0
"""Tables and figures of curves."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from .terminal import console, say

if TYPE_CHECKING:
    from ..simulation import Curve, Result
    from ..simulation.results.figure_settings import FigureSettings


def names_of(paths: Sequence[Path]) -> list[str]:
    """Unique names of files, without folders if possible."""
    names = [path.stem for path in paths]
    if len(set(names)) == len(names):
        return names
    absolute = [path.resolve().with_suffix("") for path in paths]
    common = os.path.commonpath([path.parent for path in absolute])
    return [path.relative_to(common).as_posix() for path in absolute]


def show_tables(curves: Mapping[str, Curve], metrics: Sequence[str] | None) -> None:
    """Show tables of the given metrics, or of all metrics."""
    from ..simulation.results.tables import result_tables

    for table in result_tables(curves, metrics):
        console.print(table)


def show_ranking(result: Result, figure: FigureSettings) -> None:
    """Show the ranking of curves by the mean over their points.

    The metric is ``figure.best``, or the first metric of the figure.
    """
    from ..simulation.studies.sweep import ranking

    metric = figure.best or next(iter(figure.metrics or result.metrics))
    table = Table(title=f"Best {metric}", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("curve")
    table.add_column("mean over the points", justify="right")
    for label, mean, half_width in ranking(result.curves, metric):
        table.add_row(Text(label), f"{mean:.4g} ± {half_width:.2g}")
    console.print(table)


def draw(title: str, curves: Mapping[str, Curve], path: Path, options: FigureSettings) -> None:
    """Draw curves in a file with the figure settings of a study."""
    from ..simulation import PlotMetrics, Result

    drawn = {label: curves[label] for label in options.curves or curves}
    plot = PlotMetrics(title).add(Result(drawn))
    plot.save(path, **options.model_dump(exclude={"curves", "best"}))
    say(f"Figure: {path}")
