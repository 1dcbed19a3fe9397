# SPDX-License-Identifier: Apache-2.0
"""A Sionna chain transmits latents after mapper and demapper are replaced."""

from __future__ import annotations

import difflib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import Block
from sionna.phy.mapping import BinarySource
from sionna.phy.ofdm import LSChannelEstimator
from sionna.phy.utils import compute_ber
from sklearn.datasets import load_digits

DOCS = Path(__file__).parents[2] / "docs"
BITS, LATENTS = (DOCS / "examples" / f"ofdm_{kind}.py" for kind in ("bits", "latents"))
STREAMS = 2
LATENT_DIM = 16


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unified_diff() -> list[str]:
    before, after = (path.read_text().splitlines() for path in (BITS, LATENTS))
    return list(difflib.unified_diff(before, after, BITS.name, LATENTS.name, lineterm=""))


def changed_lines() -> list[str]:
    return [line[1:] for line in unified_diff()[2:] if line[0] in "+-"]


@pytest.fixture(scope="module")
def latent_uplink() -> Block:
    return load(LATENTS).Uplink()


def test_documented_diff_is_the_diff_of_the_two_files() -> None:
    page = (DOCS / "howto" / "existing_pipeline.md").read_text()
    (documented,) = re.findall(r"^```diff\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    # editors strip the blank that marks an empty line of context
    stripped = [line.rstrip() for line in unified_diff()]
    assert [line.rstrip() for line in documented.splitlines()] == stripped


def test_at_most_ten_lines_change_and_only_mapper_and_demapper() -> None:
    changed = changed_lines()
    assert 0 < len(changed) <= 10
    assert all("apper" in line for line in changed if line)


def test_bits_come_back_at_high_snr_and_not_at_low() -> None:
    uplink = load(BITS).Uplink()
    bits = BinarySource()([8, 1, STREAMS, 4 * uplink.num_data_symbols])
    ber = {}
    for snr_db in (-5, 40):
        llr, _ = uplink(bits, 10 ** (-snr_db / 10))
        ber[snr_db] = float(compute_ber(bits, tf.cast(llr > 0, tf.float32)))
    assert ber[40] == 0
    assert ber[-5] > 0.05


@pytest.mark.parametrize(
    ("interpolation", "snr_db", "low", "high"),
    [
        # the noise on the nearest pilot is the error that Sionna reports
        ("nn", 0, 0.95, 1.05),
        ("nn", 10, 0.95, 1.05),
        # between pilots, linear interpolation averages noise, which Sionna does not count
        ("lin", 10, 0.75, 1.0),
        ("lin", 30, 0.75, 1.0),
    ],
)
def test_latents_come_back_with_the_error_that_no_eff_predicts(
    interpolation: str, snr_db: float, low: float, high: float
) -> None:
    uplink = load(LATENTS).Uplink()
    uplink.estimator = LSChannelEstimator(
        uplink.grid_mapper._resource_grid, interpolation_type=interpolation
    )
    latents = tf.random.normal([32, 1, STREAMS, 2 * uplink.num_data_symbols])
    latents_hat, no_eff = uplink(latents, 10 ** (-snr_db / 10))
    # the mapper scales each latent so that its symbols have a mean power of one
    sent = latents / tf.sqrt(2 * tf.reduce_mean(latents**2, -1, keepdims=True))
    # half of a symbol's noise falls on the real part, half on the imaginary part
    mse = tf.reduce_mean((latents_hat - sent) ** 2)
    ratio = float(mse / tf.reduce_mean(no_eff / 2))
    assert low < ratio < high


class Autoencoder(keras.Model):
    """A Keras encoder and decoder around an uplink. Many samples share a slot."""

    def __init__(self, uplink: Block) -> None:
        super().__init__()
        self.encoder = keras.Sequential([keras.layers.Dense(LATENT_DIM)])
        self.decoder = keras.Sequential([keras.layers.Dense(64)])
        self.uplink = uplink

    def call(self, samples: tf.Tensor) -> tf.Tensor:
        latents = self.encoder(samples)
        rows = tf.reshape(latents, [-1, 1, STREAMS, 2 * self.uplink.num_data_symbols])
        rows_hat, _ = self.uplink(rows, 0.01)
        return self.decoder(tf.reshape(rows_hat, [-1, LATENT_DIM]))


def test_encoder_and_decoder_train_end_to_end(latent_uplink: Block) -> None:
    per_slot = STREAMS * 2 * latent_uplink.num_data_symbols // LATENT_DIM
    pixels = load_digits().data[: 2 * per_slot] / 16
    samples = tf.constant(pixels - pixels.mean(0), tf.float32)
    model = Autoencoder(latent_uplink)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(samples) - samples) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert len(gradients) == 4
    for gradient in gradients:
        assert np.isfinite(gradient).all()
    assert np.all(np.any(gradients[0] != 0, axis=0)), "every latent dimension learns"
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    history = model.fit(samples, samples, batch_size=len(samples), epochs=25, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert losses[-1] < 0.8 * pixels.var(0).mean(), "better than a decoder that hears nothing"
