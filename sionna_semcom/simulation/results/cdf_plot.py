# SPDX-License-Identifier: Apache-2.0
"""Figures of cumulative distribution functions (CDFs)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from .curves import Curve
from .distribution import cdf
from .labels import format_x, metric_label
from .names import drawable
from .plot import COLORS, DASHES, PANEL_HEIGHT, PANEL_WIDTH, add_legend

if TYPE_CHECKING:
    from matplotlib.artist import Artist


def cdf_figure(
    curves: Mapping[str, Curve],
    metric: str,
    xs: Sequence[float],
    title: str = "",
    *,
    per_drop: bool = False,
    threshold: float | None = None,
    log_scale: bool = False,
) -> Figure:
    """Draw the CDF of a metric with confidence bands, one panel per point of the axis.

    Parameters
    ----------
    curves : `dict` of :class:`Curve`
        Curves with records, by label
    metric : `str`
        Metric
    xs : sequence of `float`
        Points on the axis of the curves, such as transmit powers [dBm]
    title : `str`
        Title of the figure
    per_drop : `bool`
        If `True`, the distribution is over drops, with the mean over the samples of each drop. By
        default it is over samples.
    threshold : `None` | `float`
        Position of a vertical line, such as the threshold of the outage
    log_scale : `bool`
        If `True`, the axis of the CDF is logarithmic

    Output
    ------
    : `matplotlib.figure.Figure`
        Figure

    Raises
    ------
    ValueError
        If ``curves`` or ``xs`` are empty, a curve has no records, or the metric is unknown
    """
    if not curves or not len(xs):
        raise ValueError("a figure of CDFs needs curves and points. Received: none")
    figure = Figure(layout="constrained")
    panels = figure.subplots(1, len(xs), squeeze=False, sharey=True)[0]
    handles: dict[str, Artist] = {}
    for x, ax in zip(xs, panels, strict=True):
        lowest = 1.0
        for index, (label, curve) in enumerate(curves.items()):
            found = cdf(curve, metric, x, per_drop)
            style = {"color": COLORS[index % len(COLORS)], "step": "post"}
            dashes = DASHES[index // len(COLORS) % len(DASHES)]
            (line,) = ax.step(
                found.value, found.share, dashes, where="post", linewidth=1.6, color=style["color"]
            )
            ax.fill_between(
                found.value, found.ci_low, found.ci_high, alpha=0.18, linewidth=0, **style
            )
            handles.setdefault(label, line)
            lowest = min(lowest, found.share[0])
        if threshold is not None:
            ax.axvline(threshold, color="0.5", linewidth=0.8, linestyle="--")
        ax.set_title(f"at {format_x(next(iter(curves.values())).axis, x)}", fontsize=10)
        ax.set_xlabel(drawable(metric_label(metric)))
        ax.grid(color="0.9", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
        if log_scale:
            ax.set_yscale("log")
            ax.set_ylim(10.0 ** np.floor(np.log10(lowest)), 1.0)
        else:
            ax.set_ylim(0.0, 1.0)
    panels[0].set_ylabel("Share of drops" if per_drop else "Share of samples")
    width = PANEL_WIDTH * len(xs)
    height = PANEL_HEIGHT + add_legend(figure, handles, width) + (0.4 if title else 0.0)
    figure.set_size_inches(width, height)
    if title:
        figure.suptitle(drawable(title), fontsize=12, fontweight="bold", wrap=True)
    return figure
