# SPDX-License-Identifier: Apache-2.0
"""Training that resumes to the same weights, and weights files that say what they are."""

import keras
import numpy as np
import pytest
from sionna.phy import config

from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink, FlatFadingLink
from sionna_semcom.simulation import training
from sionna_semcom.simulation.training import ModelSettings, obtain_model
from sionna_semcom.systems import CentroidSettings

SHORT = {"epochs": 2, "steps_per_epoch": 3, "batch_size": 10}
AWGN = {"kind": "awgn"}
FADING = {"kind": "flat_fading", "num_tx_ant": 1, "num_rx_ant": 2}


def settings(link=AWGN, **system):
    system = {"kind": "centroid", "latent_dim": 4, **system}
    return ModelSettings.model_validate({"system": system, "link": link, "training": SHORT})


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


def test_the_link_of_training_is_built_only_to_train(digits, tmp_path, monkeypatch):
    trained = obtain_model("model", settings(), digits, 0, [], tmp_path)
    monkeypatch.setattr(training, "from_settings", None)
    loaded = obtain_model("model", settings(), digits, 0, [tmp_path], tmp_path / "work")
    assert isinstance(trained.link, AWGNLink)
    assert isinstance(loaded.link, AWGNLink)
    assert same(trained, loaded)


def test_a_mimo_channel_decides_the_size_of_what_is_loaded(digits, tmp_path, monkeypatch):
    class Precoder(keras.Model):
        def __init__(self, link):
            super().__init__()
            self.precoder = self.add_weight(shape=(link.num_rx_ant, link.num_tx_ant))
            self.drawn = config.np_rng.integers(2**31)
            self.built = True

    def finish(system, data, settings, seed, checkpoint, verbose):
        training.save_weights(system, checkpoint, {})

    monkeypatch.setattr(training, "train", finish)
    monkeypatch.setattr(CentroidSettings, "build", lambda self, data, link, snr_db: Precoder(link))
    channel = settings({"kind": "flat_mimo", "num_tx_ant": 2, "num_rx_ant": 3})
    trained = obtain_model("model", channel, digits, 0, [], tmp_path)
    loaded = obtain_model("model", channel, digits, 0, [tmp_path], tmp_path / "work")
    assert loaded.precoder.shape == (3, 2)
    assert same(trained, loaded)
    assert trained.drawn == loaded.drawn


def test_training_is_over_its_own_link(digits, tmp_path, monkeypatch):
    links = []
    monkeypatch.setattr(training, "train", lambda system, *_: links.append(system.link) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        obtain_model("model", settings(FADING), digits, 0, [], tmp_path)
    assert isinstance(links[0], FlatFadingLink)


def test_a_system_without_trainable_weights_has_no_file(digits, tmp_path, monkeypatch):
    class ClosedForm(keras.Model):
        def __init__(self, link):
            super().__init__()
            self.link = link

    monkeypatch.setattr(
        CentroidSettings, "build", lambda self, data, link, snr_db: ClosedForm(link)
    )
    system = obtain_model("model", settings(FADING), digits, 0, [], tmp_path)
    assert isinstance(system.link, FlatFadingLink)
    assert not list(tmp_path.iterdir())


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
