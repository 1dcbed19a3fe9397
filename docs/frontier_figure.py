# SPDX-License-Identifier: Apache-2.0
"""Draw docs/figures/centroid_fusion_frontier.png: errors against recall as a weight varies.

Run it after ``centroid_fusion_frontier``: ``python docs/frontier_figure.py``.
"""

from __future__ import annotations

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
WEIGHTS = (0.03, 0.1, 0.3)
RECALL = 0.965  # of the alignment that the studies ask for


def recall(curve: Curve) -> float:
    """Mean recall at 1 between images and audio, in both directions."""
    return float(
        np.mean([curve.summary[f"recall_at_1/{p}"] for p in ("image_to_audio", "audio_to_image")])
    )


def draw(result: Result) -> Figure:
    """One panel per modality, one line per fusion and loss."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    axes = figure.subplots(1, 3)
    for axis, (name, (title, snr_db)) in zip(axes, PANELS.items(), strict=True):
        for family, (color, marker) in FAMILIES.items():
            curves = [result.curves[f"{family}, weight {weight:g}"] for weight in WEIGHTS]
            mean, low, high = np.transpose([_at(curve, name, snr_db) for curve in curves])
            x = [recall(curve) for curve in curves]
            sides = np.array([mean - low, high - mean])
            axis.errorbar(x, mean, sides, color=color, marker=marker, capsize=2, label=family)
            for weight, place, value in zip(WEIGHTS, x, mean, strict=True):
                axis.annotate(
                    f"{weight:g}",
                    (place, value),
                    xytext=(4, 4),
                    textcoords="offset points",
                    fontsize=8,
                )
        if name != "text_accuracy":  # far below the others
            mean = _at(result.curves["conventional"], name, snr_db)[0]
            axis.axhline(mean, color="0.4", ls="--", label="conventional (no alignment)")
        axis.axvline(RECALL, color="0.7", ls=":")
        axis.set(xlabel="Recall at 1 between images and audio", ylabel=f"{title} at {snr_db:g} dB")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize="small")
    return figure


def _at(curve: Curve, name: str, snr_db: float) -> tuple[Any, Any, Any]:
    """Mean and interval of a metric at one SNR."""
    point = int(np.flatnonzero(np.isclose(curve.snr_db, snr_db))[0])
    metric = curve.metrics[name]
    return metric.mean[point], metric.ci_low[point], metric.ci_high[point]


if __name__ == "__main__":
    write_png(
        draw(Result.load(FOLDER / "centroid_fusion_frontier.h5")),
        FIGURES / "centroid_fusion_frontier.png",
    )
