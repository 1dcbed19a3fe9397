# SPDX-License-Identifier: Apache-2.0
"""Training that resumes to the same weights, and weights files with their origin."""

import errno
import resource

import keras
import numpy as np
import pytest
from sionna.phy import config

from sionna_semcom.datasets import generated_features
from sionna_semcom.link import AWGNLink, FlatFadingLink
from sionna_semcom.simulation.training import checkpoint as checkpoint_file
from sionna_semcom.simulation.training import loop, store
from sionna_semcom.simulation.training import settings as model_settings
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.store import ModelStore
from sionna_semcom.simulation.training.threads import intra_op_threads
from sionna_semcom.simulation.training.weights import load_trained, provenance_of
from sionna_semcom.systems import CentroidSettings

from .tiny_training import CHECKPOINT, FADING, SHORT, same, settings


def test_the_learning_rate_ends_where_the_settings_say(digits):
    system = settings().build(digits)
    loop.train(system, digits, settings().training, seed=0)
    expected = 1e-3 * np.sin(np.pi * 2 / (2 * 6)) ** 2  # two of six steps warm up
    assert float(system.optimizer.learning_rate) == pytest.approx(expected, rel=1e-4)


def test_weight_decay_is_decoupled_and_spares_vectors(digits):
    """The first step has a learning rate of zero, so that the second has equal gradients."""
    two_steps = {**SHORT, "epochs": 1, "steps_per_epoch": 2, "warmup_steps": 1}
    begun = settings().build(digits).get_weights()
    ends = []
    for decay in (0.0, 0.5):
        wanted = settings(training={**two_steps, "weight_decay": decay})
        system = wanted.build(digits)
        system.set_weights(begun)
        loop.train(system, digits, wanted.training, seed=0)
        ends.append(system.get_weights())
    for first, plain, decayed in zip(begun, *ends, strict=True):
        expected = plain - 1e-3 * 0.5 * first if first.ndim > 1 else plain
        np.testing.assert_allclose(decayed, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training": {**SHORT, "warmup_steps": 6}}, "warmup_steps must be less .* 6 of 6"),
        ({"training": {"epochs": 1, "steps_per_epoch": 100}}, "Received: 200 of 100"),
        ({"snr_db": (25.0, 0.0)}, r"range \(low, high\).* Received: \(25.0, 0.0\)"),
        ({"snr_db": float("nan")}, "must be a number of dB.* Received: nan"),
        ({"snr_db": (0.0, float("inf"))}, r"Received: \(0.0, inf\)"),
    ],
)
def test_settings_that_cannot_train_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        settings(**changes)


def load(models, digits, tmp_path, **changes):
    return ModelStore([models], tmp_path / "work").obtain("model", settings(**changes), digits, 0)


def test_trained_weights_are_loaded_where_settings_and_data_agree(
    models, digits, tmp_path, monkeypatch
):
    begun = []
    monkeypatch.setattr(store, "train", lambda system, *_: begun.append(system))
    trained = load(models, digits, tmp_path)
    assert same(trained, load(models, digits, tmp_path))
    assert not begun
    other = load(models, digits, tmp_path, temperature=0.5)
    assert len(begun) == 1
    assert not same(trained, other)
    assert (tmp_path / "work" / "model" / "seed0.keras").exists()


def test_the_link_of_training_is_built_only_to_train(models, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(model_settings, "from_settings", None)
    assert isinstance(load(models, digits, tmp_path).link, AWGNLink)


def test_a_mimo_channel_decides_the_size_of_what_is_loaded(digits, tmp_path, monkeypatch):
    class Precoder(keras.Model):
        def __init__(self, link):
            super().__init__()
            self.precoder = self.add_weight(shape=(link.num_rx_ant, link.num_tx_ant))
            self.drawn = config.np_rng.integers(2**31)
            self.built = True

        def get_config(self):
            return {}

    def finish(system, data, settings, seed, checkpoint, *_):
        checkpoint_file.save_weights(system, checkpoint, {})

    monkeypatch.setattr(store, "train", finish)
    monkeypatch.setattr(
        CentroidSettings, "build", lambda self, data, link, snr_db, seed: Precoder(link)
    )
    channel = settings({"kind": "flat_mimo", "num_tx_ant": 2, "num_rx_ant": 3})
    trained = ModelStore(work_dir=tmp_path).obtain("model", channel, digits, 0)
    loaded = ModelStore([tmp_path], tmp_path / "work").obtain("model", channel, digits, 0)
    assert loaded.precoder.shape == (3, 2)
    assert same(trained, loaded)
    assert trained.drawn == loaded.drawn


def test_training_is_over_its_own_link(digits, tmp_path, monkeypatch):
    links = []
    monkeypatch.setattr(store, "train", lambda system, *_: links.append(system.link) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ModelStore(work_dir=tmp_path).obtain("model", settings(FADING), digits, 0)
    assert isinstance(links[0], FlatFadingLink)


def test_a_system_without_trainable_weights_has_no_file(digits, tmp_path, monkeypatch):
    class ClosedForm(keras.Model):
        def __init__(self, link):
            super().__init__()
            self.link = link

    monkeypatch.setattr(
        CentroidSettings, "build", lambda self, data, link, snr_db, seed: ClosedForm(link)
    )
    system = ModelStore(work_dir=tmp_path).obtain("model", settings(FADING), digits, 0)
    assert isinstance(system.link, FlatFadingLink)
    assert not list(tmp_path.iterdir())


def test_training_returns_what_it_stores_and_seeds_differ(models, digits, tmp_path):
    trained = ModelStore(work_dir=tmp_path).obtain("model", settings(), digits, 1)
    assert isinstance(trained.link, AWGNLink)
    assert same(trained, ModelStore([tmp_path]).obtain("model", settings(), digits, 1))
    assert not same(trained, load(models, digits, tmp_path))


def test_damaged_weights_are_named(models, digits, tmp_path):
    path = tmp_path / "model" / "seed0.keras"
    path.parent.mkdir()
    whole = (models / "model" / "seed0.keras").read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"seed0\.keras is damaged"):
            load(tmp_path, digits, tmp_path)


def test_a_full_disk_keeps_the_weights_that_there_were(digits, tmp_path):
    system, path = settings().build(digits), tmp_path / "a.weights.h5"
    checkpoint_file.save_weights(system, path, {"epoch": 1})
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 14, hard))  # also where Keras writes
    try:
        with pytest.raises(OSError) as caught:
            checkpoint_file.save_weights(system, path, {"epoch": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_weights_that_cannot_be_written_are_not_trained(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "train", None)  # which nothing may call
    (tmp_path / "model").write_text("a file")
    with pytest.raises(OSError, match="model"):
        ModelStore(work_dir=tmp_path).obtain("model", settings(), digits, 0)


def test_weights_of_another_model_are_refused(models, digits):
    other = settings(latent_dim=6).build(digits)
    with pytest.raises(ValueError, match="not of this model"):
        load_trained(other, models / "model" / "seed0.keras")


def test_a_model_starts_from_a_trained_one(tmp_path, monkeypatch):
    data = generated_features(64, 10, 10)
    encoders = {"kind": "two_stage_vib", "width": 8}
    sizes = {"width": 16, "token_width": 8, "num_heads": 2, "projection": [8]}
    comm = {
        "system": {"kind": "comm", "encoders": encoders, **sizes},
        "snr_db": np.inf,
        "training": SHORT,
    }
    vib = {"system": {"kind": "two_stage_vib", "width": 8}, "training": SHORT}
    plain = ModelSettings.model_validate(vib)
    tuned = ModelSettings.model_validate({**vib, "pretrained": {"name": "comm", "model": comm}})
    starts = []

    def only_note(system, *_, **__):
        starts.append({name: layer.get_weights() for name, layer in system.encoders.items()})
        return system

    with monkeypatch.context() as patch:  # initial weights, which depend on the name
        patch.setattr(store, "train", lambda system, *_: system)
        trained = ModelStore(work_dir=tmp_path).obtain(
            "comm", ModelSettings.model_validate(comm), data, 0
        )
    monkeypatch.setattr(store, "train", only_note)
    for settings_ in (plain, tuned):
        ModelStore(work_dir=tmp_path).obtain("vib", settings_, data, 0)
    for name, encoder in trained.encoders.items():
        for alone, begun, own in zip(
            *(s[name] for s in starts), encoder.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(begun, own)
            assert own.ndim < 2 or not np.array_equal(alone, own)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(digits, tmp_path, bad):
    system, path = settings().build(digits), tmp_path / "bad.weights.h5"
    system.encoders["text"].weights[0].assign(
        bad * np.ones(system.encoders["text"].weights[0].shape)
    )
    checkpoint_file.save_weights(system, path, {})
    before = settings().build(digits)
    kept = before.get_weights()
    with pytest.raises(ValueError, match=r"bad.weights.h5 must be finite. Received: NaN or inf in"):
        checkpoint_file.load_weights(before, path)
    assert all(np.array_equal(a, b) for a, b in zip(before.get_weights(), kept, strict=True))


def test_files_say_in_how_many_threads_they_were_trained(models, begun):
    assert checkpoint_file.attributes_of(begun / CHECKPOINT)["threads"] == intra_op_threads()
    path = models / "model" / "seed0.keras"
    assert provenance_of(path)["threads"] == str(intra_op_threads())
