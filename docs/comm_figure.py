# SPDX-License-Identifier: Apache-2.0
"""Draw docs/figures/comm_over_link.png: which part of the information arrives in k symbols.

Run it after ``comm_over_link`` and ``comm_over_link_synergy``: ``python docs/comm_figure.py``.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from figure_files import FIGURES, write_png

from sionna_semcom.simulation import Curve, Metric, Result
from sionna_semcom.simulation.results.intervals import student

FOLDER = Path(__file__).parent
SYMBOLS = (2, 4, 8, 16, 32, 64)
SNRS = (-10.0, 0.0, 10.0, 20.0)
PARTS = {
    "Redundant": (["redundant_in_received"], 0.1),
    "Unique": (["unique_image_1_in_received", "unique_image_2_in_received"], 0.1),
    "Synergistic": (["synergistic_in_received"], 0.5),
}


def part(curve: Curve, names: list[str]) -> Metric:
    """The mean of metrics over them and over the training seeds, with its interval."""
    values = np.mean([curve.metrics[name].per_seed for name in names], axis=0)
    mean, low, high = student(values.T, 1.0, 0.95)
    return Metric(mean, low, high, curve.metrics[names[0]].count, per_seed=values)


def draw(results: dict[str, Result]) -> matplotlib.figure.Figure:
    """Accuracy of linear probes against SNR (above) and symbols (below)."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), layout="constrained")
    axes = figure.subplots(2, 3, sharey="col")
    for (title, (names, chance)), (above, below) in zip(PARTS.items(), axes.T, strict=True):
        result = results["_synergy" if title == "Synergistic" else ""]
        found = {k: part(result.curves[f"{k} symbols, AWGN"], names) for k in SYMBOLS}
        snrs = result.curves["2 symbols, AWGN"].snr_db
        for number, (k, metric) in enumerate(found.items()):
            color = colormaps["viridis"](number / len(found))
            above.plot(snrs, metric.mean, "o-", ms=3, color=color, label=f"{k} symbols")
            above.fill_between(snrs, metric.ci_low, metric.ci_high, color=color, alpha=0.15)
        for number, snr_db in enumerate(SNRS):
            index = int(np.flatnonzero(np.isclose(snrs, snr_db))[0])
            color = colormaps["plasma"](number / len(SNRS))
            mean, low, high = (
                [getattr(metric, key)[index] for metric in found.values()]
                for key in ("mean", "ci_low", "ci_high")
            )
            below.plot(SYMBOLS, mean, "o-", ms=3, color=color, label=f"{snr_db:.0f} dB")
            below.fill_between(SYMBOLS, low, high, color=color, alpha=0.15)
        below.set_xscale("log", base=2)
        below.set_xticks(SYMBOLS, map(str, SYMBOLS))
        above.set(title=title, xlabel="SNR [dB]")
        below.set(xlabel="Complex symbols")
        for axis in (above, below):
            axis.axhline(chance, color="0.6", ls=":", label="chance")
            axis.grid(alpha=0.3)
    for below in axes[1]:  # axes above share theirs; no accuracy exceeds one
        below.set_ylim(top=min(1.02, below.get_ylim()[1]))
    for row in axes:
        row[0].set_ylabel("Accuracy of a linear probe")
        row[-1].legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


if __name__ == "__main__":
    loaded = {
        end: Result.load(FOLDER / "results" / f"comm_over_link{end}.h5") for end in ("", "_synergy")
    }
    write_png(draw(loaded), FIGURES / "comm_over_link.png")
