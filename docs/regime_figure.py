# SPDX-License-Identifier: Apache-2.0
"""Draw docs/figures/vib_regimes.png, the map of gains in ``docs/results/vib_regimes.json``.

Run it after the benchmark: ``python docs/regime_figure.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from figure_files import FIGURES, write_png
from matplotlib import colormaps
from matplotlib.figure import Figure
from regime_tables import PARTS, Gains, document, gains, holm, pairs

PANELS = [f"{part}{end}" for end in ("", ", among all") for part in PARTS]
LIMIT = 10.0  # points, at the ends of the color scale
COLORS = colormaps["PuOr"].resampled(17)


def draw(found: Mapping[str, Any]) -> Figure:
    """Gains with half widths of their intervals, bold if significant after Holm's correction."""
    every = {name: gains(found, pair) for name, pair in pairs(found).items()}
    sure = holm(np.stack([gain.p_values for gain in every.values()]))
    significant = dict(zip(every, sure, strict=True))
    figure = Figure(figsize=(17, 11.5), layout="constrained")
    axes = figure.subplots(2, 4, sharex=True, sharey=True)
    for axis, name in zip(axes.ravel(), PANELS, strict=True):
        image = _panel(axis, every[name], significant[name])
        axis.set_title(name)
    bar = figure.colorbar(image, ax=axes, shrink=0.5, extend="both")
    bar.set_label("Gain in accuracy [percentage points]")
    return figure


def _panel(axis: Any, gain: Gains, sure: np.ndarray) -> Any:
    """One part: rows are data, columns are symbols and SNRs."""
    mean, width = (100 * values for values in gain.intervals)
    symbols = sorted({cell["num_symbols"] for cell in gain.cells})
    rows = sorted(
        {(cell["num_train"], cell["noise"], cell["copies"]) for cell in gain.cells}, reverse=True
    )
    columns = [(number, snr_db) for number in symbols for snr_db in gain.snrs_db]
    table = np.full((len(rows), len(columns)), np.nan)
    for index, cell in enumerate(gain.cells):
        row = rows.index((cell["num_train"], cell["noise"], cell["copies"]))
        for number, snr_db in enumerate(gain.snrs_db):
            column = columns.index((cell["num_symbols"], snr_db))
            table[row, column] = mean[index, number]
            axis.text(
                column,
                row,
                f"{mean[index, number]:+.1f}\n±{width[index, number]:.1f}",
                ha="center",
                va="center",
                fontsize=6.5,
                fontweight="bold" if sure[index, number] else "normal",
                color="white" if abs(mean[index, number]) > LIMIT / 2 else "black",
            )
    axis.set_xticks(range(len(columns)), [f"{k}\n{snr:g}" for k, snr in columns], fontsize=8)
    labels = [f"{copies} of 3, {noise:g}, {count:,}" for count, noise, copies in rows]
    axis.set_yticks(range(len(rows)), labels, fontsize=8)
    if axis.get_subplotspec().is_last_row():
        axis.set_xlabel("Symbols (above), SNR [dB] (below)")
    if axis.get_subplotspec().is_first_col():
        axis.set_ylabel("Bits are in, noise, training samples")
    return axis.imshow(table, cmap=COLORS, vmin=-LIMIT, vmax=LIMIT, aspect="auto")


def main() -> None:
    """Write the figure."""
    write_png(draw(document("vib_regimes.json")), FIGURES / "vib_regimes.png", colors=128)


if __name__ == "__main__":
    main()
