# SPDX-License-Identifier: Apache-2.0
"""Candidates for calibrated scores of CMU-MOSI, on test videos that are kept for this choice.

    python benchmarks/mosi_scores_calibration.py --json docs/results/mosi_scores_calibration.json

Each system is trained with three seeds over AWGN at -12 to 21 dB. Its scores of the videos that
choose (``mosi_scores_selection.py``) are scaled and shifted, at each SNR by the map that is best on
one half of these videos, and measured on the other half, and vice versa, over four draws of halves.
``one_map`` is the error with one map for all SNRs, and ``all`` the mean over all SNRs. Scores are
kept in ``--scores``, and the command resumes from there.
"""

from __future__ import annotations

import argparse
import functools
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
) -> list[float]:
    """Errors of ``scores`` [snrs, draws, samples], with the map that is best for all SNRs.

    It is fitted to ``fitted`` samples, and measured on ``other`` samples, by SNR.
    """
    task = Task(0)
    outputs = task.outputs_of(scores.ravel()).numpy().reshape(scores.shape)
    loss = functools.partial(task.loss, np.tile(label[fitted], scores.shape[0] * scores.shape[1]))
    scale, shift = best_map(loss, outputs[..., fitted].reshape(-1, 1))
    moved = scale * outputs[..., other] + shift
    labels = np.tile(label[other], scores.shape[1])
    return [float(np.mean(task.loss(labels, one.reshape(-1, 1)))) for one in moved]


def crossed(scores: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Errors before calibration, and after calibration on other videos, by SNR or with one map."""
    label = features(MODALITIES).arrays("validation")["label"]
    stacked = np.stack([*scores.values()])
    each, together = [], []
    for pair in halves():
        each.append([calibrated(label, one[np.newaxis], *pair)[0] for one in stacked])
        together.append(calibrated(label, stacked, *pair))
    at_6 = list(scores).index("6.0")
    plain = mean_errors(label, scores["6.0"])
    by_snr, one_map = np.mean(each, 0), np.mean(together, 0)
    return {
        "6_dB": {**plain, "calibrated": float(by_snr[at_6]), "one_map": float(one_map[at_6])},
        "all": {"calibrated": float(by_snr.mean()), "one_map": float(one_map.mean())},
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
