# SPDX-License-Identifier: Apache-2.0
"""Self-contained HTML reports with interactive figures, tables, settings and checksums."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from ..._files import write_bytes
from .curves import Curve
from .figure_settings import figure_settings
from .labels import axis_label, format_estimate, format_x, metric_label
from .plot import COLORS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from .result import Result

_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")
_DASHES = ("solid", "dash", "dot", "dashdot")


def write_report(results: Mapping[str, Result], path: str | os.PathLike[str]) -> None:
    """Write an HTML report of results. It needs no other files and no network.

    Each metric has an interactive figure with confidence intervals, which shows values under the
    mouse pointer, and a table. The settings, versions, checksums and seed of each result follow.

    Parameters
    ----------
    results : `dict` of :class:`~sionna_semcom.simulation.Result`
        Results by name
    path : `str` or `PathLike`
        HTML file

    Raises
    ------
    ValueError
        If ``results`` is empty, or the figure settings of a result are invalid
    ModuleNotFoundError
        If plotly is not installed
    OSError
        If the file cannot be written
    """
    if not results:
        raise ValueError("A report needs at least one result. Received: none")
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        raise ModuleNotFoundError(
            "Reports need plotly: pip install 'sionna-semcom[report]'"
        ) from error
    template = Template(files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    titles = [result.title or name for name, result in results.items()]
    page = template.substitute(
        title=escape(titles[0] if len(titles) == 1 else "Results"),
        contents="".join(
            f'<li><a href="#result-{number}">{escape(title)}</a></li>'
            for number, title in enumerate(titles)
        ),
        plotly=get_plotlyjs(),
        sections="".join(
            _section(number, title, name, result)
            for number, (title, (name, result)) in enumerate(
                zip(titles, results.items(), strict=True)
            )
        ),
    )
    write_bytes(path, page.encode("utf-8"))


def _section(number: int, title: str, name: str, result: Result) -> str:
    parts = [
        f'<section id="result-{number}"><h2>{escape(title)}</h2><p class="file">{escape(name)}'
    ]
    parts.append(f", seed {result.seed}</p>")
    log_scale = figure_settings(result, name).log_scale
    for axis in dict.fromkeys(curve.axis for curve in result.curves.values()):
        curves = {label: one for label, one in result.curves.items() if one.axis == axis}
        for metric in dict.fromkeys(name for curve in curves.values() for name in curve.metrics):
            shown = {label: curve for label, curve in curves.items() if metric in curve.metrics}
            figure = metric_figure(shown, metric, metric in log_scale)
            drawn = figure.to_html(
                full_html=False, include_plotlyjs=False, config={"responsive": True}
            )
            parts.append(f"<h3>{escape(metric_label(metric))}</h3><figure>{drawn}</figure>")
            parts.append(_metric_table(shown, metric, axis))
    parts.append(_summaries(result.curves))
    settings = yaml.safe_dump(dict(result.settings), sort_keys=False, allow_unicode=True)
    parts.append(f"<details><summary>Settings</summary><pre>{escape(settings)}</pre></details>")
    for what, entries in (("Versions", result.versions), ("Checksums", result.checksums)):
        rows = [[key, value] for key, value in entries.items()]
        parts.append(f"<details><summary>{what}</summary>{_table(['', ''], rows)}</details>")
    return "".join([*parts, "</section>"])


def metric_figure(curves: Mapping[str, Curve], metric: str, log_scale: bool = False) -> Figure:
    """Figure of a metric of ``curves`` with a common axis. Error bars show the intervals."""
    from plotly import graph_objects

    figure = graph_objects.Figure()
    axis = next(iter(curves.values())).axis
    every = np.unique(np.concatenate([curve.x for curve in curves.values()]))
    finite = every[np.isfinite(every)]
    noiseless = _noiseless_place(finite)
    for index, (label, curve) in enumerate(curves.items()):
        for apart in (False, True):  # no line between the noiseless link and other points
            order = np.argsort(curve.x)
            order = order[np.isinf(curve.x[order]) == apart]
            if order.size:
                x = np.full(order.size, noiseless) if apart else curve.x[order]
                trace = {**_trace(curve, metric, order, index), "x": x, "name": escape(label)}
                alone = apart and not np.isfinite(curve.x).any()
                figure.add_scatter(**trace, legendgroup=str(index), showlegend=alone or not apart)
    figure.update_layout(_layout(axis, metric))
    if log_scale:
        figure.update_yaxes(type="log")
    if finite.size < every.size:
        ticks = [float(value) for value in finite]
        texts = [f"{value:g}" for value in ticks]
        figure.update_xaxes(tickvals=[*ticks, noiseless], ticktext=[*texts, "noiseless"])
    return figure


def _trace(curve: Curve, metric: str, order: np.ndarray, index: int) -> dict[str, Any]:
    """Points of a curve in the given ``order``, with their hover texts."""
    values, color = curve.metrics[metric], COLORS[index % len(COLORS)]
    errors = np.nan_to_num([values.ci_high - values.mean, values.mean - values.ci_low])
    high, low = np.maximum(errors, 0.0)[:, order]
    return {
        "y": values.mean[order],
        "error_y": {"array": high, "arrayminus": low, "thickness": 1, "width": 3},
        "customdata": [
            [format_x(curve.axis, float(curve.x[point])), format_estimate(values[int(point)])]
            for point in order
        ],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}",
        "mode": "lines+markers",
        "line": {"color": color, "dash": _DASHES[index // len(COLORS) % len(_DASHES)]},
        "marker": {"color": color, "size": 8, "symbol": _SYMBOLS[index % len(_SYMBOLS)]},
    }


def _layout(axis: str, metric: str) -> dict[str, Any]:
    return {
        "template": "plotly_white",
        "margin": {"l": 70, "r": 20, "t": 20, "b": 60},
        "height": 420,
        "xaxis_title": escape(axis_label(axis)),
        "yaxis_title": escape(metric_label(metric)),
        "legend": {"orientation": "h", "y": -0.25},
        "hovermode": "closest",
    }


def _noiseless_place(finite: np.ndarray) -> float:
    """Position of the noiseless link, at the right end of the axis."""
    if not finite.size:
        return 0.0
    span = float(np.ptp(finite)) or 5.0
    return float(finite.max()) + 0.14 * span


def _metric_table(curves: Mapping[str, Curve], metric: str, axis: str) -> str:
    points = sorted({float(x) for curve in curves.values() for x in curve.x})
    rows = []
    for label, curve in curves.items():
        cells: dict[float, list[str]] = {}
        for x, estimate in zip(curve.x, curve.metrics[metric], strict=True):
            cells.setdefault(float(x), []).append(format_estimate(estimate))
        rows.append([label, *("; ".join(cells.get(x, [])) for x in points)])
    return _table([metric_label(metric), *(format_x(axis, x) for x in points)], rows)


def _summaries(curves: Mapping[str, Curve]) -> str:
    """Table of the values that are equal at all points."""
    names = list(dict.fromkeys(name for curve in curves.values() for name in curve.summary))
    if not names:
        return ""
    rows = [
        [label, *(f"{curve.summary[name]:.4g}" if name in curve.summary else "" for name in names)]
        for label, curve in curves.items()
    ]
    return f"<h3>At all points</h3>{_table(['', *map(metric_label, names)], rows)}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = ""
    for first, *cells in rows:
        others = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        body += f"<tr><th>{escape(first)}</th>{others}</tr>"
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="table">{table}</div>'
