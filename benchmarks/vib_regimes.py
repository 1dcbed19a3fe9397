# SPDX-License-Identifier: Apache-2.0
"""Gains of the parts of the two-stage bottleneck on features of known redundancy.

    python benchmarks/vib_regimes.py --json docs/results/vib_regimes.json [--seeds 20]

Three bits are decided. Each is in one, two or three of three modalities (``copies``). Systems with
one part only, with all parts, and with all parts but one are trained on the same samples from the
same weights, and tested over the same channels. Results are written after each cell and seed;
repeating the command resumes the run, and a larger ``--seeds`` adds to it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from small_vib import BATCH, EPOCHS, SIZES, SNR_DB, STEPS, SmallVIB

from sionna_semcom._files import write_bytes
from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import MultimodalFeatures, linear_gaussian_features

SNRS_DB = (-6.0, 0.0, 6.0, 18.0)
COPIES = {1: "unique_dim", 2: "pairwise_dim", 3: "shared_dim"}
NUM_TEST = 2000
SEEDS_AT_ONCE = 5  # of all systems, before further seeds
REFERENCE = "dropout"  # has no more seeds than these, because it takes as long as all others
LONGER = ("none", "only redundancy term", "all", "all but redundancy term")  # of more steps
METRICS = ("accuracy", "cross_entropy")

PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # with each part, and without it
    "redundancy term": ({"redundancy_weight": 0.4}, {"redundancy_weight": 0.0}),
    "first stage": ({"beta": 1e-2}, {"beta": None}),
    "second stage": ({"gamma": 1e-2}, {"gamma": None}),
    "own decisions": ({"auxiliary_weight": 1.0}, {"auxiliary_weight": 0.0}),
}
ALL = {key: value for used, _ in PARTS.values() for key, value in used.items()}
NONE = {key: value for _, unused in PARTS.values() for key, value in unused.items()}
SEPARATE = {"transmitters": "separate"}

VARIANTS: dict[str, dict[str, Any]] = {
    "none": NONE,
    **{f"only {name}": {**NONE, **used} for name, (used, _) in PARTS.items()},
    "all": ALL,
    **{f"all but {name}": {**ALL, **unused} for name, (_, unused) in PARTS.items()},
    REFERENCE: {**NONE, "dropout": 0.3},
    "devices, none": {**NONE, **SEPARATE},
    "devices, only redundancy term": {**NONE, **SEPARATE, **PARTS["redundancy term"][0]},
}


class Cell(NamedTuple):
    """A point of the grid."""

    copies: int
    noise: float
    num_train: int
    num_symbols: int

    @property
    def key(self) -> str:
        """Name in the JSON file."""
        return " ".join(f"{name}={value:g}" for name, value in self._asdict().items())

    def data(self, seed: int) -> MultimodalFeatures:
        """Data of a seed."""
        dims = dict.fromkeys(COPIES.values(), 0) | {COPIES[self.copies]: 3 - 2 * (self.copies < 3)}
        counts = {"num_train": self.num_train, "num_validation": 1, "num_test": NUM_TEST}
        return linear_gaussian_features(**counts, **dims, noise=self.noise, seed=seed)


class Run(NamedTuple):
    """A cell and a seed."""

    seed: int
    cell: Cell


def grid(epochs: int = EPOCHS) -> Iterator[Cell]:
    """All points; with longer training only those with many samples and one symbol."""
    for values in product(COPIES, (0.2, 1.0), (64, 2048), (1, 4)):
        if epochs == EPOCHS or values[2:] == (2048, 1):
            yield Cell(*values)


def settings(epochs: int) -> dict[str, Any]:
    """Settings of all runs."""
    return {
        "metrics": list(METRICS),
        "snrs_db": list(SNRS_DB),
        "variants": {n: v for n, v in VARIANTS.items() if epochs == EPOCHS or n in LONGER},
        "sizes": SIZES,
        "training": {"steps": epochs * STEPS, "batch": BATCH, "snr_db": list(SNR_DB)},
        "num_test": NUM_TEST,
        "cells": {cell.key: cell._asdict() for cell in grid(epochs)},
        "best": {cell.key: cell.data(0).best_metrics for cell in grid(epochs)},
    }


def load(path: Path, epochs: int) -> dict[str, Any]:
    """Results so far, of the same settings."""
    own = json.loads(json.dumps(settings(epochs)))
    if not path.exists():
        return {**own, "runs": {cell.key: {} for cell in grid(epochs)}}
    document = json.loads(path.read_text(encoding="utf-8"))
    if any(document[key] != value for key, value in own.items()):
        raise SystemExit(f"{path} has results of other settings")
    return document


def missing(document: dict[str, Any], seeds: int, variant: str, num_symbols: int) -> list[Run]:
    """Runs of one system that are still to be done, seed by seed."""
    cells = [Cell(**cell) for cell in document["cells"].values()]
    cells = [cell for cell in cells if cell.num_symbols == num_symbols]
    done = {cell: len(document["runs"][cell.key].setdefault(variant, [])) for cell in cells}
    return [Run(seed, cell) for seed, cell in product(range(seeds), cells) if seed >= done[cell]]


def main() -> None:
    """Train and test all that is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="Stop after this time.")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="Epochs of 20 steps.")
    options = parser.parse_args()
    document, start = load(options.json, options.epochs), time.monotonic()
    set_seed("vib_regimes")
    blocks = range(SEEDS_AT_ONCE, options.seeds + SEEDS_AT_ONCE, SEEDS_AT_ONCE)
    systems: dict[tuple[int, str], SmallVIB] = {}
    symbols = sorted({cell.num_symbols for cell in grid(options.epochs)})
    wanted = list(product(symbols, document["variants"]))
    for seeds, (num_symbols, variant) in product(blocks, wanted):
        last = SEEDS_AT_ONCE if variant == REFERENCE else seeds
        runs = missing(document, min(last, options.seeds), variant, num_symbols)
        for seed, cell in runs:
            data, key = cell.data(seed), (num_symbols, variant)
            if key not in systems:  # compiled once
                systems[key] = SmallVIB(data, num_symbols, VARIANTS[variant], options.epochs)
            systems[key].train(data, seed)
            found = systems[key].measure(data, SNRS_DB, seed)
            rounded = [[round(x, 4) for x in found[metric]] for metric in METRICS]
            document["runs"][cell.key][variant].append(rounded)
            if time.monotonic() - start > 60 * options.minutes:
                break
        if runs:
            write_bytes(options.json, (json.dumps(document, separators=(",", ":")) + "\n").encode())
            seconds = time.monotonic() - start
            print(f"{num_symbols} symbols, {variant}, {seeds} seeds: {seconds:.0f} s", flush=True)
        if time.monotonic() - start > 60 * options.minutes:
            return


if __name__ == "__main__":
    main()
