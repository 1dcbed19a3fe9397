# SPDX-License-Identifier: Apache-2.0
"""Weights that are shipped load, and still do what they were trained for."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from sionna_semcom.datasets import Digits
from sionna_semcom.simulation.training import ModelSettings, load_weights

SHIPPED = sorted((Path(__file__).parents[2] / "models").glob("centroid_builtin_*/*.weights.h5"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_words_and_pictures_come_back_at_20_db(path):
    digits = Digits()
    with h5py.File(path) as file:
        settings = ModelSettings.model_validate_json(file.attrs["settings"])
    system = settings.build(digits)
    batch = next(iter(digits.test(100)))
    untrained = np.mean(system.measure(batch, 20.0)["image_mse"])
    load_weights(system, path)
    figures = system.measure(batch, 20.0)
    assert np.mean(figures["image_mse"]) < 0.3 * untrained
    assert np.mean(figures["text_accuracy"]) > 0.95


def test_there_are_shipped_models():
    assert SHIPPED
