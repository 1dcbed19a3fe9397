# SPDX-License-Identifier: Apache-2.0
"""Shipped models load by name, and reach their documented performance."""

import numpy as np
import pytest

from sionna_semcom import load_model
from sionna_semcom._models import model_path
from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import Digits, generated_features
from sionna_semcom.link import AWGNLink
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.weights import provenance_of

FOLDER = model_path("builtin_classifier").parents[1]
CENTROIDS = sorted(path.name for path in FOLDER.glob("centroid_builtin_*"))
DECISIONS = sorted(
    path.name
    for path in FOLDER.glob("vib_generated*")
    if "compressed" not in path.name  # which shows what a strong first stage loses
)


EIGHT_EPOCHS = ("distributed", "joint", "orthogonal")  # in which one bit of five is not learned


def untrained(name, data):
    """The same networks with one joint transmitter, which is equivalent over a noiseless link."""
    settings = ModelSettings.model_validate_json(provenance_of(model_path(name))["settings"])
    system = settings.system.model_copy(update={"transmitters": "joint"})
    return settings.model_copy(update={"system": system}).build(data, AWGNLink())


@pytest.mark.parametrize("name", CENTROIDS)
def test_words_and_pictures_come_back_at_20_db(name):
    digits = Digits()
    batch = next(iter(digits.test(100)))
    before = np.mean(untrained(name, digits).measure(batch, 20.0)["image_mse"])
    figures = load_model(name).measure(batch, 20.0)
    assert np.mean(figures["image_mse"]) < 0.3 * before
    assert np.mean(figures["text_accuracy"]) > 0.95


@pytest.mark.parametrize("name", DECISIONS)
def test_decisions_are_right_at_20_db(name):
    data = generated_features(6000, 500, 1500)  # those of link_sims/vib_builtin.yaml
    batch = next(iter(data.test(1500)))
    system = load_model(name)
    least = 0.45 if name.endswith(EIGHT_EPOCHS) else 0.9  # of 32 classes
    assert np.mean(system.measure(batch, 20.0)["accuracy"]) > least
    raw = {name: values[:5] for name, values in data.splits["test"].features.items()}
    for key, values in system.normalize(raw).items():
        np.testing.assert_array_equal(values, data.arrays("test")[key][:5])


def test_a_shipped_model_goes_on_over_another_link_and_is_saved(tmp_path):
    system = load_model("centroid_builtin_end_to_end")
    batch = next(iter(Digits().test(20)))
    system.save(tmp_path / "mine.keras")
    again = load_model(tmp_path / "mine.keras")
    figures = []
    for one in (system, again):
        set_seed("shipped")
        figures.append(one.measure(batch, 5.0))
    for key, values in figures[0].items():
        np.testing.assert_array_equal(values, figures[1][key])


def test_there_are_shipped_models():
    assert CENTROIDS
    assert DECISIONS
