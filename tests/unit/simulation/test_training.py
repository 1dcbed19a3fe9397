# SPDX-License-Identifier: Apache-2.0
"""Training that resumes to the same weights, and weights files that say what they are."""

import numpy as np
import pytest

from sionna_semcom.datasets import Digits
from sionna_semcom.simulation import training
from sionna_semcom.simulation.training import ModelSettings, obtain_model

SHORT = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 10}


def settings(**system):
    system = {"kind": "centroid", "latent_dim": 4, **system}
    return ModelSettings.model_validate({"system": system, "training": SHORT})


@pytest.fixture(scope="module")
def digits():
    return Digits()


def same(first, second):
    return all(
        np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True)
    )


def test_an_interrupted_training_ends_with_the_same_weights(digits, tmp_path, monkeypatch):
    whole = obtain_model("model", settings(), digits, 0, [], tmp_path / "whole")
    save = training.save_weights

    def save_and_die(system, path, attributes):
        save(system, path, attributes)
        if attributes.get("epoch") == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_weights", save_and_die)
        with pytest.raises(KeyboardInterrupt):
            obtain_model("model", settings(), digits, 0, [], tmp_path / "broken")
    checkpoint = tmp_path / "broken" / "model" / "seed0.checkpoint.weights.h5"
    assert checkpoint.exists()
    resumed = obtain_model("model", settings(), digits, 0, [], tmp_path / "broken")
    assert same(whole, resumed)
    assert not checkpoint.exists()


def test_trained_weights_are_loaded_where_settings_and_data_agree(digits, tmp_path, monkeypatch):
    shipped, work = tmp_path / "models", tmp_path / "work"
    trained = obtain_model("model", settings(), digits, 0, [], shipped)
    monkeypatch.setattr(training, "train", None)
    assert same(trained, obtain_model("model", settings(), digits, 0, [shipped], work))
    monkeypatch.undo()
    other = obtain_model("model", settings(temperature=0.5), digits, 0, [shipped], work)
    assert not same(trained, other)
    assert (work / "model" / "seed0.weights.h5").exists()


def test_seeds_differ(digits, tmp_path):
    first, second = (obtain_model("model", settings(), digits, k, [], tmp_path) for k in (0, 1))
    assert not same(first, second)


def test_damaged_weights_are_named(digits, tmp_path):
    obtain_model("model", settings(), digits, 0, [], tmp_path)
    path = tmp_path / "model" / "seed0.weights.h5"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"seed0\.weights\.h5 are damaged"):
        obtain_model("model", settings(), digits, 0, [tmp_path], tmp_path / "work")
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"seed0\.weights\.h5 are damaged"):
        obtain_model("model", settings(), digits, 0, [tmp_path], tmp_path / "work")


def test_weights_of_another_model_are_refused(digits, tmp_path):
    obtain_model("model", settings(), digits, 0, [], tmp_path)
    other = settings(latent_dim=6).build(digits)
    with pytest.raises(ValueError, match="not of this model"):
        training.load_weights(other, tmp_path / "model" / "seed0.weights.h5")
