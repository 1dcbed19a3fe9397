# SPDX-License-Identifier: Apache-2.0
"""Draw errors against recall as a weight varies: ``docs/figures/centroid_fusion_frontier*.png``.

Run it after ``centroid_fusion_frontier`` and ``centroid_fusion_frontier_3gpp``:
``python docs/frontier_figure.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from figure_files import FIGURES, write_png
from matplotlib.figure import Figure

from sionna_semcom.simulation import Curve, Result

FOLDER = Path(__file__).parent / "results"
FAMILIES = {"mean": ("C0", "o"), "learned": ("C1", "s"), "CoMM's terms": ("C2", "^")}
PANELS = {
    "image_mse": ("Image MSE", 20.0),
    "audio_mae": ("Audio MAE", 20.0),
    "text_accuracy": ("Text accuracy", 0.0),
}
STUDIES = {
    "centroid_fusion_frontier": (dict.fromkeys(FAMILIES, (0.03, 0.1, 0.3)), {"": ""}),
    "centroid_fusion_frontier_3gpp": (
        {"mean": (0.1, 0.3), "learned": (0.1, 0.3), "CoMM's terms": (0.1,)},
        {", AWGN": "AWGN: ", ", CDL-C": "CDL-C: "},
    ),
}
"""Weights in a study by family, and suffixes of the labels of its curves with titles of rows"""
RECALL = 0.965  # of the alignment that the studies ask for


def recall(curve: Curve) -> float:
    """Mean recall at 1 between images and audio, in both directions."""
    return float(
        np.mean([curve.summary[f"recall_at_1/{p}"] for p in ("image_to_audio", "audio_to_image")])
    )


def draw(result: Result, weights: Mapping[str, Sequence[float]], rows: Mapping[str, str]) -> Figure:
    """One panel per link and modality, one line per fusion and loss."""
    figure = Figure(figsize=(13, 4.2 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), len(PANELS), squeeze=False)
    for line, (suffix, title) in zip(panels, rows.items(), strict=True):
        for axis, name in zip(line, PANELS, strict=True):
            _draw_panel(axis, result, name, weights, suffix)
            label, snr_db = PANELS[name]
            axis.set_ylabel(f"{title}{label} at {snr_db:g} dB")
    handles = panels[0][0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=len(handles[0]), fontsize="small")
    return figure


def _draw_panel(
    axis: Any, result: Result, name: str, weights: Mapping[str, Sequence[float]], suffix: str
) -> None:
    """Errors of one modality over one link."""
    snr_db = PANELS[name][1]
    for family, (color, marker) in FAMILIES.items():
        labels = [f"{family}, weight {weight:g}{suffix}" for weight in weights[family]]
        curves = [result.curves[label] for label in labels]
        mean, low, high = np.transpose([_at(curve, name, snr_db) for curve in curves])
        x = [recall(curve) for curve in curves]
        sides = np.array([mean - low, high - mean])
        axis.errorbar(x, mean, sides, color=color, marker=marker, capsize=2, label=family)
        for weight, place, value in zip(weights[family], x, mean, strict=True):
            offset = {"xytext": (4, 4), "textcoords": "offset points"}
            axis.annotate(f"{weight:g}", (place, value), fontsize=8, **offset)
    if name != "text_accuracy":  # far below the others
        mean = _at(result.curves[f"conventional{suffix}"], name, snr_db)[0]
        axis.axhline(mean, color="0.4", ls="--", label="conventional (no alignment)")
    axis.axvline(RECALL, color="0.7", ls=":")
    axis.set_xlabel("Recall at 1 between images and audio")
    axis.grid(alpha=0.3)


def _at(curve: Curve, name: str, snr_db: float) -> tuple[Any, Any, Any]:
    """Mean and interval of a metric at one SNR."""
    point = int(np.flatnonzero(np.isclose(curve.snr_db, snr_db))[0])
    metric = curve.metrics[name]
    return metric.mean[point], metric.ci_low[point], metric.ci_high[point]


if __name__ == "__main__":
    for study, drawn in STUDIES.items():
        write_png(draw(Result.load(FOLDER / f"{study}.h5"), *drawn), FIGURES / f"{study}.png")
