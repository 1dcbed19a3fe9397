# SPDX-License-Identifier: Apache-2.0
"""Command ``cdf``: distribution of a metric over samples or drops."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .show import names_of, show_tables
from .terminal import report_errors, say


@report_errors
def cdf(
    result_files: Annotated[
        list[Path], typer.Argument(metavar="RESULT.h5...", help="Result files.")
    ],
    metric: Annotated[str, typer.Option(help="Metric.")],
    at: Annotated[
        list[float] | None,
        typer.Option(help="Points on the axis in the figure; default: the last."),
    ] = None,
    percent: Annotated[
        list[float] | None, typer.Option(help="Percentiles; default: 5, 50, 95.")
    ] = None,
    below: Annotated[
        float | None, typer.Option(help="Show the proportion below this threshold.")
    ] = None,
    above: Annotated[
        float | None, typer.Option(help="Show the proportion above this threshold.")
    ] = None,
    per_drop: Annotated[
        bool, typer.Option("--per-drop", help="Use means over the samples of each drop.")
    ] = False,
    log_scale: Annotated[
        bool, typer.Option("--log-scale", help="Use a logarithmic axis for the CDF.")
    ] = False,
    figure: Annotated[Path | None, typer.Option(help="Draw CDFs (png, pdf, svg).")] = None,
) -> None:
    """Show percentiles and outage of a metric over samples or drops, and draw its CDF.

    Results must contain records (evaluation.records of the study).
    """
    from ..simulation.results.cdf_plot import cdf_figure
    from ..simulation.results.distribution import distribution_curve
    from ..simulation.results.plot import save_figure
    from ..simulation.results.result import Result

    results = [Result.load(path) for path in result_files]
    prefixes = [f"{name}: " for name in names_of(result_files)] if len(results) > 1 else [""]
    curves = {
        f"{prefix}{label}": curve
        for prefix, result in zip(prefixes, results, strict=True)
        for label, curve in result.curves.items()
    }
    shown = {
        label: distribution_curve(
            curve, metric, percent or (5.0, 50.0, 95.0), below=below, above=above, per_drop=per_drop
        )
        for label, curve in curves.items()
    }
    show_tables(shown, None)
    if figure is None:
        return
    xs = at or [float(next(iter(curves.values())).x[-1])]
    threshold = above if below is None else below
    options = {"per_drop": per_drop, "log_scale": log_scale}
    title = results[0].title if len(results) == 1 else ""
    save_figure(cdf_figure(curves, metric, xs, title, threshold=threshold, **options), figure)
    say(f"Figure: {figure}")
