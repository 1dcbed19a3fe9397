# SPDX-License-Identifier: Apache-2.0
"""Tables of gains of the parts of the two-stage bottleneck, from ``vib_regimes.json``.

``docs/make_results.py`` calls `regimes` for tables between
``<!-- regimes RESULT.json TABLE ... -->`` and ``<!-- end -->``. ``docs/regime_figure.py`` draws the
map of all gains.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from sionna_semcom.simulation.results.intervals import student

FOLDER = Path(__file__).parent
PARTS = ("redundancy term", "first stage", "second stage", "own decisions")
ALONE = {  # gains of each part alone
    **{part: (f"only {part}", "none") for part in PARTS},
    "dropout": ("dropout", "none"),
    "redundancy term, three devices": ("devices, only redundancy term", "devices, none"),
}
AMONG = {f"{part}, among all": ("all", f"all but {part}") for part in PARTS}


def pairs(found: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Pairs of variants of which all cells have two seeds or more, by the name of the gain."""
    counts = {
        name: min(len(runs.get(name, [])) for runs in found["runs"].values())
        for name in found["variants"]
    }
    every = ALONE | AMONG
    return {name: pair for name, pair in every.items() if min(counts.get(v, 0) for v in pair) > 1}


class Gains(NamedTuple):
    """Paired gains of one part in all cells and at all SNRs."""

    cells: list[dict[str, float]]
    snrs_db: list[float]
    values: np.ndarray
    """[num_cells, num_snrs, num_seeds]"""

    @property
    def p_values(self) -> np.ndarray:
        """Two-sided p-values [num_cells, num_snrs] of Student's t-test over seeds."""
        same = np.ptp(self.values, axis=-1) == 0
        with np.errstate(all="ignore"):
            found = stats.ttest_1samp(self.values, 0.0, axis=-1).pvalue
        return np.where(same, 1.0, found)

    @property
    def intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Means and half widths of 95 % intervals [num_cells, num_snrs]."""
        mean, low, _ = student(self.values, 1.0, 0.95)
        return mean, mean - low


@cache
def document(file: str) -> dict[str, Any]:
    """Content of a result file."""
    return dict(json.loads((FOLDER / "results" / file).read_text(encoding="utf-8")))


def gains(found: Mapping[str, Any], pair: tuple[str, str], metric: str = "accuracy") -> Gains:
    """Gains of the first variant of ``pair`` over the second, over the seeds that both have."""
    place = found["metrics"].index(metric)
    sign = -1.0 if metric == "cross_entropy" else 1.0
    count = min(len(runs[name]) for runs in found["runs"].values() for name in pair)
    values = []
    for key in found["cells"]:
        one, other = (np.array(found["runs"][key][name][:count])[:, place] for name in pair)
        values.append(sign * (one - other).T)
    return Gains(list(found["cells"].values()), found["snrs_db"], np.array(values))


def holm(p_values: np.ndarray, level: float = 0.05) -> np.ndarray:
    """Which hypotheses are rejected by Holm's method at a family-wise ``level``.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
    """
    order = np.argsort(p_values, axis=None)
    count = order.size
    below = p_values.ravel()[order] <= level / (count - np.arange(count))
    rejected = np.zeros(count, bool)
    rejected[order] = np.cumprod(below).astype(bool)
    return rejected.reshape(p_values.shape)


def significance(found: Mapping[str, Any], metric: str = "accuracy") -> list[list[str]]:
    """Numbers of significant gains and losses, without and with Holm's correction over all."""
    rows = {name: gains(found, pair, metric) for name, pair in pairs(found).items()}
    rejected = holm(np.stack([gain.p_values for gain in rows.values()]))
    heads = ["Part", "Seeds", "Tests", "By chance, each", "Gains", "Losses"]
    lines = [[*heads, "Gains, Holm", "Losses, Holm"]]
    for (name, gain), sure in zip(rows.items(), rejected, strict=True):
        mean, below = gain.intervals[0], gain.p_values < 0.05
        counts = [np.sum(one & side) for one in (below, sure) for side in (mean > 0, mean < 0)]
        sizes = [str(gain.values.shape[-1]), str(mean.size), f"{0.025 * mean.size:.1f}"]
        lines.append([name, *sizes, *map(str, counts)])
    return lines


def averages(found: Mapping[str, Any], by: str, metric: str = "accuracy") -> list[list[str]]:
    """Gains, averaged over all cells and SNRs with the same values of the factors ``by``.

    Bold averages are significant after Holm's correction over the table.
    """
    rows = {
        name: _grouped(gains(found, pair, metric), by.split(","))
        for name, pair in pairs(found).items()
    }
    groups = list(next(iter(rows.values())))
    p_values = [
        [stats.ttest_1samp(row[group], 0.0).pvalue for group in groups] for row in rows.values()
    ]
    lines = [["Gain in points" if metric == "accuracy" else "Gain in nats", *groups]]
    for (name, row), sure in zip(rows.items(), holm(np.array(p_values)), strict=True):
        texts = [_interval(row[group], metric) for group in groups]
        bold = [f"**{text}**" if one else text for text, one in zip(texts, sure, strict=True)]
        lines.append([name, *bold])
    return lines


def _grouped(gain: Gains, factors: list[str]) -> dict[str, np.ndarray]:
    """Mean gains [num_seeds] of all points with the same values of ``factors``."""
    groups: dict[str, list[np.ndarray]] = {}
    for cell, of_cell in zip(gain.cells, gain.values, strict=True):
        for snr_db, of_seeds in zip(gain.snrs_db, of_cell, strict=True):
            point = {**cell, "snr_db": snr_db}
            label = ", ".join(WORDS[factor](point[factor]) for factor in factors)
            groups.setdefault(label, []).append(of_seeds)
    return {label: np.mean(values, 0) for label, values in groups.items()}


WORDS: dict[str, Callable[[float], str]] = {
    "copies": lambda x: f"in {x:g} of 3",
    "noise": lambda x: f"noise {x:g}",
    "num_train": lambda x: f"{x:,.0f} samples",
    "num_symbols": lambda x: f"{x:g} symbol{'s' * (x > 1)}",
    "snr_db": lambda x: f"{x:g} dB",
}


def predictions(found: Mapping[str, Any]) -> list[list[str]]:
    """Cost of complete independence, and measured gains of the redundancy term."""
    most = max(cell["num_train"] for cell in found["cells"].values())
    symbols = max(cell["num_symbols"] for cell in found["cells"].values())
    lines = [
        ["Bits are in", "Noise", "Best accuracy", "No parts", "Predicted", "Alone", "Among all"]
    ]
    names = ("redundancy term", "redundancy term, among all")
    measured = [gains(found, (ALONE | AMONG)[name]).values[:, -1] for name in names]
    none = [np.array(runs["none"])[:, 0, -1] for runs in found["runs"].values()]
    for number, (key, cell) in enumerate(found["cells"].items()):
        if (cell["num_train"], cell["num_symbols"]) != (most, symbols):
            continue
        best = found["best"][key]["accuracy"]
        one = next(  # the same cell, with each bit in one modality
            found["best"][other]["accuracy"]
            for other, its in found["cells"].items()
            if its == {**cell, "copies": 1}
        )
        lines.append(
            [
                f"{cell['copies']} of 3",
                f"{cell['noise']:g}",
                f"{best:.3f}",
                f"{np.mean(none[number]):.3f}",
                f"{100 * (one - best):.1f} to 0",
                *(_interval(values[number], "accuracy") for values in measured),
            ]
        )
    return lines


def _interval(values: np.ndarray, metric: str) -> str:
    """Mean and half width over seeds, in points for accuracies."""
    mean, low, _ = (float(x) for x in student(values, 1.0, 0.95))
    if metric == "accuracy":
        return f"{100 * mean:.2f} ± {100 * (mean - low):.2f}"
    return f"{mean:.3f} ± {mean - low:.3f}"


def regimes(request: str) -> str:
    """Markdown table for ``RESULT.json TABLE [by=...] [metric=...]``."""
    file, table, *words = request.split()
    options = dict(word.split("=") for word in words)
    makers = {"significance": significance, "averages": averages, "predictions": predictions}
    head, *rows = makers[table](document(file), **options)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
