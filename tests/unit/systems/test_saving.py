# SPDX-License-Identifier: Apache-2.0
"""Saved systems: custom encoders, links with random draws, normalization, and untrusted files."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

import sionna_semcom as ss
from sionna_semcom import metrics
from sionna_semcom._seeding import set_seed
from sionna_semcom.channel import FlatMIMOChannel
from sionna_semcom.datasets import generated_features
from sionna_semcom.link import AWGNLink, FlatFadingLink, OFDMLink
from sionna_semcom.semantics import Modality
from sionna_semcom.simulation.training.weights import load_model, provenance_of, save_model
from sionna_semcom.systems import CentroidSystem, CoMM, FeatureTransmissionSettings, TwoStageVIB

SHAPE = (6, 6, 1)


@keras.saving.register_keras_serializable("tests")
class Halves(keras.layers.Layer):
    """A custom encoder with a weight that is created when it is built."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape):
        self.kernel = self.add_weight(shape=(int(np.prod(shape[1:])), self.units), name="kernel")

    def call(self, samples):
        flat = keras.ops.reshape(samples, [-1, self.kernel.shape[0]])
        return 0.5 * keras.ops.matmul(flat, self.kernel)

    def compute_output_shape(self, shape):
        return (shape[0], self.units)


@keras.saving.register_keras_serializable("tests")
def largest(x, x_hat):
    return tf.reduce_max(tf.abs(x - x_hat), axis=[1, 2, 3])


def own_system(loss=metrics.mse, link=None):
    encoder = Halves(4)
    encoder.build((None, *SHAPE))
    decoder = keras.Sequential([keras.layers.Dense(36), keras.layers.Reshape(SHAPE)])
    figures = {"largest": largest, "psnr": metrics.default_metrics("image")["psnr"]}
    image = Modality("image", SHAPE, encoder, decoder, loss, figures)
    return CentroidSystem([image], link=link or AWGNLink())


def images(size=4):
    return {"image": tf.constant(np.random.default_rng(0).uniform(size=(size, *SHAPE)), tf.float32)}


def figures_of(system, batch, snr_db=5.0):
    set_seed("figures")
    return {name: np.asarray(values) for name, values in system.measure(batch, snr_db).items()}


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)


def rewritten(path, change):
    """Rewrite the file ``path`` with entries that ``change`` returns for the old entries."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in change(entries).items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("loss", [metrics.mse, keras.losses.mean_squared_error, largest])
def test_encoders_losses_and_metrics_of_ones_own_come_back(tmp_path, loss):
    system = own_system(loss)
    system.save(tmp_path / "x.keras")
    loaded = ss.load_model(tmp_path / "x.keras")
    assert isinstance(loaded.encoders["image"], Halves)
    assert loaded.modalities[0].loss is loss
    assert_same(figures_of(loaded, images()), figures_of(system, images()))


def test_a_lambda_is_refused_in_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"loss of image must be registered.*<lambda>") as error:
        own_system(lambda x, y: metrics.mse(x, y)).save(tmp_path / "x.keras")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_model_loads_in_a_fresh_process(tmp_path):
    shapes, path = {"text": (5,)}, tmp_path / "x.keras"
    link = FlatFadingLink(num_rx_ant=2)
    system = TwoStageVIB(shapes, 2, link=link, width=4, unimodal_dim=2, received_dim=2)
    system.mode = "decision"
    system.save(path)
    features = np.linspace(-1, 1, 15).reshape(3, 5).astype(np.float32)
    batch = {"text": tf.constant(features), "label": tf.constant([0, 1, 1])}
    set_seed("fresh")
    expected = np.asarray(system(batch, snr_db=3.0))
    script = f"""
import keras, numpy as np, tensorflow as tf
import sionna_semcom.systems
from sionna_semcom._seeding import set_seed
batch = {{"text": tf.constant(np.linspace(-1, 1, 15).reshape(3, 5).astype(np.float32))}}
system = keras.saving.load_model({str(path)!r})
set_seed("fresh")
np.save({str(tmp_path / "found.npy")!r}, system(batch, snr_db=3.0))
print(system.mode, type(system.link).__name__)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["decision", "FlatFadingLink"]
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), expected)


@pytest.mark.parametrize(
    "build",
    [
        lambda: OFDMLink(model="UMi", csi="perfect", fft_size=24, pool_size=3),
        lambda: OFDMLink(model="TDL-A", interpolation="lmmse", fft_size=24, pool_size=3),
    ],
    ids=["pool", "statistics"],
)
def test_a_link_that_draws_when_it_is_built_comes_back_to_the_bit(tmp_path, build):
    set_seed("pool")
    system = own_system(link=build())
    system.save(tmp_path / "x.keras")
    from sionna.phy import config

    set_seed("elsewhere")
    before = config.tf_rng.state.numpy()
    loaded = ss.load_model(tmp_path / "x.keras")
    np.testing.assert_array_equal(config.tf_rng.state.numpy(), before)
    assert_same(figures_of(loaded, images()), figures_of(system, images()))


def test_channels_that_draw_a_pool_come_back_to_the_bit():
    channel = FlatMIMOChannel(realizations=3)
    again = FlatMIMOChannel.from_config(json.loads(json.dumps(channel.get_config())))
    np.testing.assert_array_equal(again._pool.numpy(), channel._pool.numpy())
    assert "drawn_from" not in FlatMIMOChannel().get_config()


def test_layers_that_do_not_learn_stay_so(tmp_path):
    system = own_system()
    system.encoders["image"].trainable = False
    system.save(tmp_path / "x.keras")
    loaded = ss.load_model(tmp_path / "x.keras")
    assert len(loaded.trainable_weights) == len(system.trainable_weights) == 2


def test_comm_keeps_settings_and_layers_of_its_encoders(tmp_path):
    sizes = {"width": 8, "token_width": 8, "num_heads": 2, "projection": (4,)}
    for options in (
        {"encoders": {"kind": "tokens", "width": 8, "num_heads": 2, "num_tokens": 2}},
        {"augmentations": {"text": [{"kind": "noise", "stddev": 0.1}]}},
        {"augmentations": {"text": keras.layers.GaussianNoise(0.1)}},
        {"encoders": dict(CoMM({"text": (5,)}, link=AWGNLink(), **sizes).tokens)},
        {"objective": "supervised", "targets": {"label": 3}},
    ):
        system = CoMM({"text": (5,)}, link=AWGNLink(), **sizes, **options)
        system.save(tmp_path / "x.keras")
        loaded = ss.load_model(tmp_path / "x.keras")
        assert loaded.settings == system.settings
        batch = {"text": tf.ones((3, 5)), "label": tf.constant([0, 1, 2])}
        assert_same(figures_of(loaded, batch), figures_of(system, batch))


def test_a_system_keeps_how_its_features_were_standardized(tmp_path):
    data = generated_features(60, 20, 20)
    system = FeatureTransmissionSettings(width=4).build(data, AWGNLink(), 10.0)
    system.save(tmp_path / "x.keras")
    loaded = ss.load_model(tmp_path / "x.keras")
    raw = data.splits["test"].features
    standard = data.arrays("test")
    for name, values in loaded.normalize({**raw, "label": standard["label"]}).items():
        np.testing.assert_array_equal(values, standard[name])


def test_a_file_tells_what_its_model_comes_from(tmp_path):
    system = own_system()
    save_model(system, tmp_path / "x.keras", {"settings": "{}", "data": "none"})
    assert provenance_of(tmp_path / "x.keras") == {"settings": "{}", "data": "none"}
    assert_same(
        figures_of(load_model(tmp_path / "x.keras"), images()), figures_of(system, images())
    )
    link = FlatFadingLink()
    assert load_model(tmp_path / "x.keras", link).link is link


def test_an_unknown_name_is_refused():
    with pytest.raises(FileNotFoundError, match="No model nonesuch: neither a file nor a shipped"):
        ss.load_model("nonesuch")


def _lambda(entries):
    config = json.loads(entries["config.json"])
    layer = {"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l"}}
    config["config"]["modalities"][0]["config"]["encoder"] = layer
    return {**entries, "config.json": json.dumps(config)}


def _unknown(entries):
    return {**entries, "config.json": entries["config.json"].replace(b"tests>Halves", b"t>Other")}


def _linked(entries):
    with h5py.File("linked", "w", driver="core", backing_store=False) as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/x")
        file.flush()
        return {**entries, "model.weights.h5": file.id.get_file_image()}


def _soft(entries):
    with h5py.File("soft", "w", driver="core", backing_store=False) as file:
        file["layers/real"] = np.ones(3)
        file["layers/soft"] = h5py.SoftLink("/layers/real")
        file.flush()
        return {**entries, "model.weights.h5": file.id.get_file_image()}


def _more(entries):
    return {**entries, "../evil": b""}


def _cut(entries):
    return {**entries, "model.weights.h5": entries["model.weights.h5"][:500]}


def _empty(entries):
    return {"metadata.json": b"{}"}


def _deep(entries):
    return {**entries, "config.json": b"[" * 10**5 + b"]" * 10**5}


@pytest.mark.parametrize("change", [_lambda, _unknown, _linked, _soft, _more, _cut, _empty, _deep])
def test_a_file_that_is_damaged_or_malicious_is_refused_in_one_line(tmp_path, change):
    own_system().save(tmp_path / "x.keras")
    path = rewritten(tmp_path / "x.keras", change)
    with pytest.raises(ValueError, match=r"x\.keras cannot be loaded: ") as error:
        ss.load_model(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 700


def test_a_file_that_is_no_archive_is_refused_in_one_line(tmp_path):
    path = tmp_path / "x.keras"
    path.write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match=r"x\.keras cannot be loaded: "):
        ss.load_model(path)
    with pytest.raises(ValueError, match=r"x\.keras is damaged: "):
        provenance_of(path)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_damaged_byte_of_the_provenance_is_named(tmp_path, encrypted):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("provenance.json", json.dumps(noted := {str(n): "1" for n in range(40)}))
        offset = archive.start_dir
    whole = path.read_bytes()
    if encrypted:
        whole = whole[: offset + 8] + b"\1" + whole[offset + 9 :]
        path.write_bytes(whole[:6] + b"\1" + whole[7:])
        with pytest.raises(ValueError, match=r"x\.keras is damaged: .*encrypted"):
            provenance_of(path)
        return
    for index in range(30 + len("provenance.json"), offset):
        path.write_bytes(whole[:index] + bytes([whole[index] ^ 64]) + whole[index + 1 :])
        try:
            assert provenance_of(path) == noted  # bits after the end of the compressed data
        except ValueError as error:
            assert "x.keras is damaged: " in str(error)


def test_a_loss_of_others_is_refused():
    with pytest.raises(ValueError, match="`loss` must be left out"):
        own_system().compile(loss="mse")
