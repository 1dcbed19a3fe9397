# SPDX-License-Identifier: Apache-2.0
"""Errors of calibrated scores on all test videos of CMU-MOSI. No video calibrates its own scores.

    python benchmarks/mosi_scores_crossed.py --json docs/results/mosi_scores_crossed.json

The models of ``link_sims/vib_mosi_scores.yaml`` are taken from ``results/models``, or trained, and
measured over AWGN at 6 dB and without noise. Scores of each half of the test videos are calibrated
on the other half. Both regressions on the features, without a channel, are calibrated in the same
way. The file is written after each system, and the command resumes from it. Half widths are 95 %
intervals over training seeds.
"""

from __future__ import annotations

import argparse
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from mosi_scores_selection import (
    DRAWS,
    MODALITIES,
    SNRS,
    errors,
    features,
    mean_errors,
    predictors,
    scores_at,
)
from scipy import stats

from sionna_semcom._seeding import set_seed
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import Task
from sionna_semcom.simulation import load_study
from sionna_semcom.simulation.training.store import ModelStore
from sionna_semcom.systems.decision.calibration import best_map

STUDY = Path(__file__).parents[1] / "link_sims" / "vib_mosi_scores.yaml"
HALVES = (("validation", "test"), ("test", "validation"))


def regressions() -> dict[str, Any]:
    """Errors of the regressions with the lowest error on the videos that choose."""
    data = features(MODALITIES)
    splits = {name: data.arrays(name) for name in ("train", "validation", "test")}
    task, label = Task(0), {name: split["label"] for name, split in splits.items()}
    best: dict[str, tuple[float, Any]] = {}
    for name, model, weights in predictors():
        x = {
            key: np.concatenate([split[m] * weight for m, weight in weights.items()], 1)
            for key, split in splits.items()
        }
        model.fit(x["train"], label["train"])
        mae = errors(label["validation"], model.predict(x["validation"]))["mae"]
        if name not in best or mae < best[name][0]:
            best[name] = mae, {half: model.predict(x[half]) for half, _ in HALVES}
    found = {}
    for name, (_, scores) in best.items():
        outputs = {half: task.outputs_of(values).numpy() for half, values in scores.items()}
        moved = {}
        for fitted, other in HALVES:
            loss = functools.partial(task.loss, label[fitted])
            scale, shift = best_map(loss, outputs[fitted])
            moved[other] = task.score(scale * outputs[other] + shift).numpy()
        found[f"{name}, calibrated"] = {"noiseless": pooled(label, moved)}
        found[name] = {"noiseless": pooled(label, scores)}
    return found


def pooled(label: dict[str, np.ndarray], scores: dict[str, np.ndarray]) -> dict[str, float]:
    """Errors on the samples of both halves together."""
    both = [np.concatenate([part[half] for half, _ in HALVES]) for part in (label, scores)]
    return errors(*both)


def crossed(system: Any, seed: int) -> dict[str, dict[str, float]]:
    """Errors of a system on both halves, each calibrated on the other."""
    data = features(MODALITIES)
    label = {half: data.arrays(half)["label"] for half, _ in HALVES}
    scores = {}
    for fitted, other in HALVES:
        set_seed(seed, "crossed", fitted)
        system.calibrate_score(getattr(data, fitted)(32))
        batch = {name: tf.constant(values) for name, values in data.arrays(other).items()}
        scores[other] = scores_at(system, batch, DRAWS)
    both = np.concatenate([label[half] for half, _ in HALVES])
    return {
        name: mean_errors(both, np.concatenate([scores[half][snr_db] for half, _ in HALVES], 1))
        for name, snr_db in SNRS.items()
    }


def over_seeds(each: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Means and half widths."""
    result: dict[str, dict[str, float]] = {}
    factor = stats.t.ppf(0.975, len(each) - 1) / np.sqrt(len(each))
    for name, key in ((name, key) for name in SNRS for key in ("mae", "correlation")):
        values = [one[name][key] for one in each]
        result.setdefault(name, {})[key] = float(np.mean(values))
        result[name][f"{key}_half_width"] = float(factor * np.std(values, ddof=1))
    return result


def main() -> None:
    """Measure all systems."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("results") / "models")
    options = parser.parse_args()
    study = load_study(STUDY)
    data = study.load_data()
    store = ModelStore(work_dir=options.models)
    path = options.json
    if not path.exists():
        path.write_text(json.dumps(regressions(), indent=2) + "\n", encoding="utf-8")
    found = json.loads(path.read_text(encoding="utf-8"))
    for name, settings in study.models.items():
        if name in found:
            continue
        each = []
        for seed in study.evaluation.seeds:
            system = store.obtain(name, settings, data, seed)
            system.link = AWGNLink()
            each.append(crossed(system, seed))
        found[name] = over_seeds(each)
        print(f"{name}: {found[name]}", flush=True)
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
