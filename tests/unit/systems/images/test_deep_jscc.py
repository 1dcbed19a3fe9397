# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink
from sionna_semcom.systems import DeepJSCC, DeepJSCCSettings

SHAPES = {"image": (8, 8, 1)}


class Kept(AWGNLink):
    """AWGN link that keeps the sent symbols."""

    def call(self, symbols, no):
        self.sent = symbols
        return super().call(symbols, no)


def build(**options):
    set_seed(0)
    return DeepJSCC(SHAPES, **{"link": Kept(), "num_symbols": 4, **options})


def images(count=5):
    return tf.constant(np.random.default_rng(0).uniform(size=(count, 8, 8, 1)), tf.float32)


def test_symbols_have_the_power_of_equation_2():
    system = build()
    outputs = system({"image": images()}, snr_db=np.inf)["image"]
    raw = system.encoder(images()).numpy()
    complex_raw = raw[:, :4] + 1j * raw[:, 4:]
    norm = np.sqrt(np.sum(np.abs(complex_raw) ** 2, -1, keepdims=True))
    expected = np.sqrt(4) * complex_raw / norm
    np.testing.assert_allclose(system.link.sent, expected, rtol=1e-5)
    parts = np.concatenate([expected.real, expected.imag], -1).astype(np.float32)
    np.testing.assert_allclose(outputs, system.decoder(parts), atol=1e-5)


@pytest.mark.parametrize(("estimator", "gain"), [("unbiased", 1.0), ("lmmse", 1 / 1.5)])
def test_received_symbols_are_scaled_as_chosen(estimator, gain):
    """LMMSE for unit power: 1 / (1 + N0) at a noise power of 0.5."""
    system = build(estimator=estimator)
    seen = []
    system.decoder = lambda features, training: seen.append(features) or features
    snr_db = 10 * np.log10(2.0)
    set_seed(1)
    system({"image": images()}, snr_db=snr_db)
    set_seed(1)
    symbols_hat, _ = AWGNLink()(system.link.sent, tf.constant(0.5))
    parts = np.concatenate([np.real(symbols_hat), np.imag(symbols_hat)], -1)
    np.testing.assert_allclose(seen[0], gain * parts, rtol=1e-4, atol=1e-5)


def test_the_loss_and_the_metrics_are_those_of_images():
    system = build(snr_db=np.inf)
    batch = {"image": images()}
    outputs = system(batch, snr_db=np.inf)["image"].numpy()
    error = np.mean((outputs - images()) ** 2, (1, 2, 3))
    found = system.measure(batch, np.inf)
    np.testing.assert_allclose(found["image_mse"], error, rtol=1e-4)
    np.testing.assert_allclose(found["image_psnr"], -10 * np.log10(error), rtol=1e-4)
    np.testing.assert_allclose(system.batch_loss(batch, False), error.mean(), rtol=1e-4)
    assert set(found) == set(DeepJSCCSettings().metric_names(["image", "audio"]))


def test_training_beats_the_mean_image():
    digits = Digits(modalities=["image"])
    set_seed(0)
    system = DeepJSCC(digits.shapes, link=AWGNLink(), num_symbols=8, snr_db=10.0)
    system.compile(keras.optimizers.Adam(3e-3))
    system.fit(digits.train(50, 150), verbose=0)
    batch = next(iter(digits.test(200)))
    pixels = digits.images("train")[0]
    worst = np.mean((batch["image"] - pixels.mean(0)) ** 2)
    assert np.mean(system.measure(batch, 10.0)["image_mse"]) < 0.75 * worst


def test_channel_uses_are_the_symbols():
    batches = [{"image": images(), "label": tf.zeros(5, tf.int32)}]
    figures = build().static_metrics(batches)
    assert figures["channel_uses"] == 4
    assert figures["bandwidth_ratio"] == pytest.approx(4 / 64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_symbols": 3}, "`num_symbols` must be a multiple of 2"),
        ({"strides": [2, 2]}, "Received: 2 strides, 4 filters"),
        ({"estimator": "zf"}, "estimator"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


def test_other_data_are_refused():
    with pytest.raises(ValueError, match="`shapes` must hold"):
        DeepJSCC({"audio": (4, 4, 1)}, link=AWGNLink())
    with pytest.raises(ValueError, match="`image` must have shape"):
        build()({"image": tf.zeros([2, 9, 9, 1])})
