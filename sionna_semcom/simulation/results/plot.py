# SPDX-License-Identifier: Apache-2.0
"""Figures of results, similar to Sionna's ``PlotBER``."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.figure import Figure

from ..._files import write_bytes
from ..._messages import did_you_mean, listed
from ..._parts.metric_ranges import limits
from .curves import Curve, Metric
from .labels import axis_label, in_decibels, metric_label
from .names import drawable
from .plot_axes import FigureAxis, SNRAxis, set_log_ticks
from .result import Result

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

# Color-blind safe palette of Okabe and Ito, highest contrast first
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", ":", "-.")
PANEL_WIDTH, PANEL_HEIGHT, _MAX_COLUMNS = 3.7, 3.0, 3


class PlotMetrics:
    """Figure of the metrics of results versus SNR, one panel per metric.

    Confidence intervals are shown as bands. If the mean is zero and the axis is logarithmic, such
    as for a block error rate without errors, an open marker with a downward arrow shows the upper
    bound of the interval. The noiseless link is shown at the right end of the axis. Curves along
    another axis are drawn versus that axis.

    Parameters
    ----------
    title : `str`
        Title of the figure

    Example
    -------
    >>> PlotMetrics("Centroid over CDL-C").add(result).save("centroid.png")
    """

    def __init__(self, title: str = "") -> None:
        self.title = title
        self._curves: list[tuple[str, Curve]] = []

    def add(self, result: Result, label: str | None = None) -> PlotMetrics:
        """Add all curves of ``result``, and return the plot.

        Parameters
        ----------
        result : :class:`Result`
            Result to add
        label : `None` | `str`
            Label of a single curve, or prefix of the labels of several curves
        """
        for name, curve in result.curves.items():
            if label is not None:
                name = label if len(result.curves) == 1 else f"{label}: {name}"
            self._curves.append((name, curve))
        return self

    def figure(
        self,
        metrics: Sequence[str] | None = None,
        log_scale: Sequence[str] = (),
        log_x: bool = False,
    ) -> Figure:
        """Draw the figure.

        Parameters
        ----------
        metrics : `None` (all) | sequence of `str`
            Metrics, one panel each
        log_scale : sequence of `str`
            Metrics with a logarithmic axis
        log_x : `bool`
            If `True`, the horizontal axis is logarithmic. Only for axes other than the SNR.

        Output
        ------
        : `matplotlib.figure.Figure`
            The figure

        Raises
        ------
        ValueError
            If no result was added, a metric is unknown, the curves have different axes, or an axis
            cannot be logarithmic
        """
        return self._draw(Figure(layout="constrained"), metrics, log_scale, log_x)

    def show(
        self,
        metrics: Sequence[str] | None = None,
        log_scale: Sequence[str] = (),
        log_x: bool = False,
    ) -> None:
        """Show the figure in a window, or in the output of a notebook cell; see :meth:`figure`."""
        import matplotlib.pyplot as plt

        self._draw(plt.figure(layout="constrained"), metrics, log_scale, log_x)
        plt.show()

    def save(
        self,
        path: str | os.PathLike[str],
        metrics: Sequence[str] | None = None,
        log_scale: Sequence[str] = (),
        log_x: bool = False,
    ) -> None:
        """Save the figure in the format of the suffix of ``path``; see :meth:`figure`."""
        save_figure(self.figure(metrics, log_scale, log_x), path)

    def _draw(
        self, figure: Figure, metrics: Sequence[str] | None, log_scale: Sequence[str], log_x: bool
    ) -> Figure:
        names = self._select(metrics)
        rows = math.ceil(len(names) / _MAX_COLUMNS)
        columns = math.ceil(len(names) / rows)
        panels = figure.subplots(rows, columns, squeeze=False).flatten()
        axis = self._axis(log_x)
        handles: dict[str, Artist] = {}
        for name, ax in zip(names, panels, strict=False):
            for index, (label, curve) in enumerate(self._curves):
                if name in curve.metrics:
                    x = axis.positions(curve.x, index, len(self._curves))
                    log = name in log_scale
                    metric = curve.metrics[name].within(limits(name))
                    handle = _draw_curve(ax, x, curve.x, metric, index, label, log)
                    handles.setdefault(label, handle)
            _style_panel(ax, name, name in log_scale)
            axis.set_ticks(ax)
        for ax in panels[len(names) :]:
            ax.remove()
        width = PANEL_WIDTH * columns
        height = (
            PANEL_HEIGHT * rows + add_legend(figure, handles, width) + (0.4 if self.title else 0.0)
        )
        figure.set_size_inches(width, height)
        if self.title:
            figure.suptitle(drawable(self.title), fontsize=12, fontweight="bold", wrap=True)
        return figure

    def _select(self, metrics: Sequence[str] | None) -> list[str]:
        known = list(dict.fromkeys(name for _, curve in self._curves for name in curve.metrics))
        if not known:
            raise ValueError("There is nothing to plot: add a result first")
        for name in metrics or ():
            if name not in known:
                raise ValueError(
                    f"There is no metric {name!r}, only {listed(known, 20)}"
                    + did_you_mean(name, known)
                )
        return list(metrics or known)

    def _axis(self, log_x: bool) -> SNRAxis | FigureAxis:
        names = list(dict.fromkeys(curve.axis for _, curve in self._curves))
        if len(names) > 1:
            raise ValueError(
                f"Curves of one figure must have the same axis. Received: {listed(names)}"
            )
        values = [curve.x for _, curve in self._curves]
        if not in_decibels(names[0]):
            return FigureAxis(names[0], values, log_x)
        if log_x:
            raise ValueError("`log_x` must be False if the axis is the SNR, which is in dB")
        return SNRAxis(values, axis_label(names[0]))


def _draw_curve(
    ax: Axes,
    x: np.ndarray,
    values: np.ndarray,
    metric: Metric,
    index: int,
    label: str,
    log_scale: bool,
) -> Artist:
    """Draw a curve, and return its legend handle."""
    style: dict[str, Any] = {
        "color": COLORS[index % len(COLORS)],
        "marker": _MARKERS[index % len(_MARKERS)],
        "markersize": 5.5,
        "markeredgecolor": "white",
        "markeredgewidth": 0.6,
    }
    order = np.argsort(x)
    if log_scale:
        none = metric.mean <= 0
        arrows = _draw_upper_bounds(ax, x[none], metric.ci_high[none], style)
        order = order[~none[order]]
        if arrows is not None and not order.size:
            return arrows
    line = order[np.isfinite(values[order])]
    if len(line) == 1:  # a band through one point has no width
        line = line[:0]
    dashes = DASHES[index // len(COLORS) % len(DASHES)]
    band: dict[str, Any] = {"color": style["color"], "alpha": 0.18, "linewidth": 0}
    shown: list[Any] = []
    if line.size:
        shown += ax.plot(x[line], metric.mean[line], dashes, linewidth=1.6, label=label, **style)
    ax.fill_between(x[line], metric.ci_low[line], metric.ci_high[line], **band)
    slot = np.setdiff1d(order, line)
    ends = [metric.mean - metric.ci_low, metric.ci_high - metric.mean]
    errors = np.maximum(np.nan_to_num(ends), 0.0)[:, slot]
    name = None if line.size else label
    shown.append(
        ax.errorbar(
            x[slot], metric.mean[slot], errors, linestyle="none", capsize=2.5, label=name, **style
        )
    )
    return cast("Artist", shown[0])


def _draw_upper_bounds(
    ax: Axes, x: np.ndarray, bounds: np.ndarray, style: dict[str, Any]
) -> Artist | None:
    """Draw zeros on a logarithmic axis as downward arrows at the upper bounds of intervals."""
    known = np.isfinite(bounds) & (bounds > 0)
    if not known.any():
        return None
    drawn = {**style, "markerfacecolor": "white", "markeredgecolor": style["color"]}
    return cast(
        "Artist",
        ax.errorbar(
            x[known], bounds[known], 0.5 * bounds[known], uplims=True, linestyle="none", **drawn
        ),
    )


def _style_panel(ax: Axes, name: str, log_scale: bool) -> None:
    ax.set_ylabel(drawable(metric_label(name)))
    ax.tick_params(labelsize=9)
    ax.grid(color="0.9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if log_scale:
        ax.set_yscale("log")
        set_log_ticks(ax.yaxis)


def add_legend(figure: Figure, handles: dict[str, Artist], width: float) -> float:
    """Add a legend below panels of ``width`` inches, and return its height [inches]."""
    handles = {label: handle for label, handle in handles.items() if label}
    if not handles:
        return 0.0
    widest = 0.6 + 0.08 * max(map(len, handles))
    columns = max(1, min(len(handles), int(width / widest)))
    legend = figure.legend(
        handles=list(handles.values()),
        labels=["curve"] * len(handles),  # matplotlib omits labels that begin with "_"
        loc="outside lower center",
        ncols=columns,
        frameon=False,
    )
    for text, label in zip(legend.get_texts(), handles, strict=True):
        text.set_text(drawable(label))
    return 0.1 + 0.2 * math.ceil(len(handles) / columns)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Save a figure in the format of the suffix of ``path``.

    Raises
    ------
    ValueError
        If the format is not supported
    """
    supported = figure.canvas.get_supported_filetypes()
    suffix = os.path.splitext(path)[1][1:].lower()
    if suffix not in supported:
        raise ValueError(
            f"A figure's suffix must be one of {', '.join(supported)}. Received: {path}"
        )
    write_figure(figure, path, dpi=160, format=suffix)


def write_figure(figure: Figure, path: str | os.PathLike[str], **options: Any) -> None:
    """Render a figure in memory, and write it atomically."""
    content = io.BytesIO()
    figure.savefig(content, **options)
    write_bytes(path, content.getvalue())
