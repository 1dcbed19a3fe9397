# SPDX-License-Identifier: Apache-2.0
"""Candidates for calibrated scores of CMU-MOSI, on test videos that are kept for this choice.

    python benchmarks/mosi_scores_calibration.py --json docs/results/mosi_scores_calibration.json

Each system is trained with three seeds over AWGN at -12 to 21 dB. Its scores of the videos that
choose (``mosi_scores_selection.py``) are scaled and shifted, at each SNR by the map that is best on
one half of these videos, and measured on the other half, and vice versa, over four draws of halves.
``all`` is the mean error over all SNRs. Scores are kept in ``--scores``, and the command resumes
from there.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from mosi_scores_selection import MODALITIES, features, mean_errors, scores_at, trained

from sionna_semcom.datasets.features.split import video_of
from sionna_semcom.semantics import Task
from sionna_semcom.systems.decision.calibration import best_map

SEEDS = (0, 1, 2)
SNRS = (-12.0, -6.0, 0.0, 6.0, 18.0, np.inf)
DRAWS = 4  # of halves of the videos
CANDIDATES = Path(__file__).with_name("mosi_scores_calibration.yaml")


def scores_of(settings: dict[str, Any], seed: int, path: Path) -> dict[str, np.ndarray]:
    """Scores [draws, samples] of the videos that choose, by SNR; trained if ``path`` is missing."""
    if not path.exists():
        system, batch = trained(settings, seed)
        found = scores_at(system, batch, dict.fromkeys(SNRS, 3))
        np.savez(path, **{f"validation/{snr_db}": scores for snr_db, scores in found.items()})
    with np.load(path) as file:
        return {str(snr_db): file[f"validation/{snr_db}"] for snr_db in SNRS}


def halves() -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Masks [samples] of halves of the videos that choose."""
    videos = np.array([video_of(name) for name in features(MODALITIES).splits["validation"].id])
    names = sorted(set(videos))
    draw = np.random.default_rng(0)
    for _ in range(DRAWS):
        first = np.isin(videos, draw.permutation(names)[: len(names) // 2])
        yield first, ~first
        yield ~first, first


def calibrated(
    label: np.ndarray, scores: np.ndarray, fitted: np.ndarray, other: np.ndarray
) -> float:
    """Error of ``scores`` [draws, samples] of ``other`` samples, calibrated on ``fitted`` ones."""
    task = Task(0)

    def part(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = scores[:, samples]
        return np.tile(label[samples], len(chosen)), task.outputs_of(chosen.ravel()).numpy()

    labels, outputs = part(fitted)
    scale, shift = best_map(functools.partial(task.loss, labels), outputs)
    labels, outputs = part(other)
    return float(np.mean(task.loss(labels, scale * outputs + shift)))


def crossed(scores: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Errors before calibration, and after calibration of each SNR on other videos."""
    label = features(MODALITIES).arrays("validation")["label"]
    moved = {key: [] for key in scores}
    for (fitted, other), key in itertools.product(halves(), scores):
        moved[key].append(calibrated(label, scores[key], fitted, other))
    at_6, means = moved["6.0"], list(moved.values())
    plain = mean_errors(label, scores["6.0"])
    return {
        "6_dB": {**plain, "calibrated": float(np.mean(at_6))},
        "all": {"calibrated": float(np.mean(means))},
    }


def main() -> None:
    """Measure the candidates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--scores", type=Path, default=Path("results") / "mosi_scores")
    options = parser.parse_args()
    options.scores.mkdir(parents=True, exist_ok=True)
    result = {}
    for name, settings in yaml.safe_load(CANDIDATES.read_text(encoding="utf-8")).items():
        paths = [options.scores / f"{settings['short']}.{seed}.npz" for seed in SEEDS]
        each = [
            crossed(scores_of(settings, seed, path))
            for seed, path in zip(SEEDS, paths, strict=True)
        ]
        result[name] = {
            part: {key: float(np.mean([one[part][key] for one in each])) for key in each[0][part]}
            for part in each[0]
        }
        print(f"{name}: {result[name]}", flush=True)
    options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
