# SPDX-License-Identifier: Apache-2.0
"""Weights that are shipped load, and still do what they were trained for."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from sionna_semcom.datasets import Digits, generated_features
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.weights import load_weights

MODELS = Path(__file__).parents[2] / "models"
CENTROIDS = sorted(MODELS.glob("centroid_builtin_*/*.weights.h5"))
DECISIONS = sorted(
    path
    for path in MODELS.glob("vib_generated*/*.weights.h5")
    if "compressed" not in path.parent.name  # which shows what a strong first stage loses
)


def untrained(path, data):
    with h5py.File(path) as file:
        settings = ModelSettings.model_validate_json(file.attrs["settings"])
    return settings.build(data)


@pytest.mark.parametrize("path", CENTROIDS, ids=lambda path: path.parent.name)
def test_words_and_pictures_come_back_at_20_db(path):
    digits = Digits()
    system = untrained(path, digits)
    batch = next(iter(digits.test(100)))
    before = np.mean(system.measure(batch, 20.0)["image_mse"])
    load_weights(system, path)
    figures = system.measure(batch, 20.0)
    assert np.mean(figures["image_mse"]) < 0.3 * before
    assert np.mean(figures["text_accuracy"]) > 0.95


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.parent.name)
def test_decisions_are_right_at_20_db(path):
    data = generated_features(6000, 500, 1500)  # those of link_sims/vib_builtin.yaml
    system = untrained(path, data)
    load_weights(system, path)
    batch = next(iter(data.test(1500)))
    assert np.mean(system.measure(batch, 20.0)["accuracy"]) > 0.9


def test_there_are_shipped_models():
    assert CENTROIDS
    assert DECISIONS
