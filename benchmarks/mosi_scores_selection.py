# SPDX-License-Identifier: Apache-2.0
"""Candidates for the scores of CMU-MOSI, on test videos that are kept for the choice of settings.

    python benchmarks/mosi_scores_selection.py --json docs/results/mosi_scores_selection.json

Half of the test videos choose (``development: 0.5``), because training videos cannot
(``mosi_generalization.py``). Predictors without a channel are fitted first: ridge regression and
support vector regression, with weights of the modalities. Candidates of systems are in
``mosi_scores_candidates.yaml``. Each is trained over AWGN at -12 to 21 dB, and evaluated at 6 dB
and without noise. The file is written after each candidate, and the command resumes from it.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import yaml
from sklearn.linear_model import Ridge
from sklearn.svm import SVR

from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import MultimodalFeatures
from sionna_semcom.datasets.features.settings import MOSIData
from sionna_semcom.datasets.features.split import MODALITIES
from sionna_semcom.simulation.training.loop import train
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.systems import DecisionSystem

SHARE = 0.5  # of the test videos
SEED = 0
SNRS = {"6_dB": 6.0, "noiseless": np.inf}
DRAWS = {6.0: 4, np.inf: 1}  # of the noise, by SNR
CANDIDATES = Path(__file__).with_name("mosi_scores_candidates.yaml")
TRAINING = {"steps_per_epoch": 45, "batch_size": 32, "learning_rate": 1e-3, "warmup_steps": 100}


@functools.cache
def features(modalities: tuple[str, ...]) -> MultimodalFeatures:
    """Training samples, and half of the test videos for validation."""
    settings = {"label": "regression", "development": SHARE, "modalities": modalities}
    return MOSIData(kind="mosi", **settings).load()


def errors(label: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Mean absolute error and correlation of scores. The latter is zero if all scores are equal."""
    scores = np.clip(scores, -3.0, 3.0)
    mae = np.abs(scores - label).mean()
    correlation = np.corrcoef(scores, label)[0, 1] if np.ptp(scores) else 0.0
    return {"mae": float(mae), "correlation": float(correlation)}


def predictors() -> Iterable[tuple[str, Any, dict[str, float]]]:
    """Regressions without a channel, and the weight of each modality."""
    for audio, vision in itertools.product((0.1, 0.3, 1.0), (0.0, 0.1, 0.3, 1.0)):
        weights = {"text": 1.0, "audio": audio, "vision": vision}
        for strength in (100, 300, 1000, 3000):
            yield "ridge regression", Ridge(strength), weights
        for cost, gamma in itertools.product((0.3, 1.0, 3.0), (1e-3, 3e-3, 1e-2)):
            yield "support vector regression", SVR(C=cost, gamma=gamma, epsilon=0.5), weights


def best_predictors(data: MultimodalFeatures) -> dict[str, dict[str, Any]]:
    """The predictor of each kind with the lowest error on the videos that choose."""
    splits = {name: data.arrays(name) for name in ("train", "validation")}
    found: dict[str, dict[str, Any]] = {}
    for name, model, weights in predictors():
        x, x_new = (
            np.concatenate([split[key] * weight for key, weight in weights.items()], 1)
            for split in splits.values()
        )
        scores = model.fit(x, splits["train"]["label"]).predict(x_new)
        result = errors(splits["validation"]["label"], scores)
        if name not in found or result["mae"] < found[name]["noiseless"]["mae"]:
            chosen = {"audio": weights["audio"], "vision": weights["vision"]}
            chosen |= {key: getattr(model, key) for key in ("alpha", "C") if hasattr(model, key)}
            found[name] = {"noiseless": result, "settings": chosen}
    return found


def trained(settings: Mapping[str, Any], seed: int) -> tuple[DecisionSystem, dict[str, tf.Tensor]]:
    """A trained system, and the samples of the videos that choose."""
    data = features(tuple(settings.get("modalities", MODALITIES)))
    model = ModelSettings.model_validate(
        {
            "system": settings["system"],
            "snr_db": [-12, 21],
            "training": TRAINING | settings["training"],
        }
    )
    set_seed(seed, "candidate")
    system = model.build(data, seed=seed)
    train(system, data, model.training, seed)
    return system, {key: tf.constant(values) for key, values in data.arrays("validation").items()}


def scores_at(
    system: DecisionSystem, batch: Mapping[str, tf.Tensor], draws: Mapping[float, int]
) -> dict[float, np.ndarray]:
    """Scores [draws, samples] of a system by SNR [dB], for numbers of draws of the noise by SNR."""
    outputs = tf.function(functools.partial(system, batch), autograph=False)
    found = {}
    for snr_db, count in draws.items():
        point = tf.constant(snr_db, tf.float32)
        drawn = [system.task.score(outputs(snr_db=point)).numpy() for _ in range(count)]
        found[snr_db] = np.stack(drawn)
    return found


def mean_errors(label: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Means of :func:`errors` over draws of the noise, for ``scores`` [draws, samples]."""
    each = [errors(label, drawn) for drawn in scores]
    return {key: float(np.mean([one[key] for one in each])) for key in each[0]}


def candidate(settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Train a system, and measure it on the videos that choose."""
    system, batch = trained(settings, seed)
    scores = scores_at(system, batch, DRAWS)
    label = batch["label"].numpy()
    return {name: mean_errors(label, scores[snr_db]) for name, snr_db in SNRS.items()}


def main() -> None:
    """Train the candidates that the file does not have."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    listed = yaml.safe_load(CANDIDATES.read_text(encoding="utf-8"))
    path = options.json
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if not found:
        found = best_predictors(features(MODALITIES))
    for name, settings in listed.items():
        if name not in found:
            found[name] = candidate(settings, SEED)
            print(f"{name}: {found[name]}", flush=True)
            path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
