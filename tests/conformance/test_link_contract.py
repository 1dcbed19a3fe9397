# SPDX-License-Identifier: Apache-2.0
"""Contract of all links."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import AWGN
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import from_settings

NUM_SYMBOLS = 5  # odd, so that it fills neither streams nor slots


def decibels(ratio):
    return 10 * np.log10(ratio)


@pytest.fixture
def air(monkeypatch):
    """Signals and noise that Sionna adds at the receive antennas, per call."""
    recorded, add_noise = [], AWGN.__call__

    def call(self, x, no):
        y = add_noise(self, x, no)
        recorded.append((x.numpy(), y.numpy() - x.numpy()))
        return y

    monkeypatch.setattr(AWGN, "__call__", call)
    return recorded


def test_graph_of_any_batch_gives_what_eager_gives(link):
    signature = [tf.TensorSpec([None, NUM_SYMBOLS], tf.complex64), tf.TensorSpec([])]
    graph = tf.function(link, input_signature=signature)
    for batch in (1, 7):
        symbols = complex_normal([batch, NUM_SYMBOLS])
        reseed("call")
        eager_hat, eager_no_eff = link(symbols, 0.1)
        reseed("call")
        graph_hat, graph_no_eff = graph(symbols, tf.constant(0.1))
        assert (eager_hat.shape, eager_hat.dtype) == (symbols.shape, tf.complex64)
        assert (eager_no_eff.shape, eager_no_eff.dtype) == (symbols.shape, tf.float32)
        np.testing.assert_allclose(graph_hat, eager_hat, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(graph_no_eff, eager_no_eff, rtol=1e-3)


def test_noise_power_may_differ_between_latents(link):
    no = np.tile(np.float32([1e-3, 1.0]), 50)
    symbols_hat, no_eff = link(complex_normal([100, NUM_SYMBOLS]), no)
    assert symbols_hat.shape == no_eff.shape
    quiet, loud = np.median(no_eff[::2]), np.median(no_eff[1::2])
    assert quiet < 0.5 * loud


def with_gradient(link, symbols, no, **options):
    """Outputs of a graph of ``link``, and the gradient of their energy."""

    @tf.function(autograph=False, **options)  # as inside a Keras model
    def run(symbols, no):
        with tf.GradientTape() as tape:
            tape.watch(symbols)
            symbols_hat, no_eff = link(symbols, no)
            energy = tf.reduce_sum(tf.abs(symbols_hat) ** 2)
        return symbols_hat, no_eff, tape.gradient(energy, symbols)

    return tuple(part.numpy() for part in run(symbols, tf.constant(no)))


def test_compiles_with_xla_with_its_gradient(link):
    """One compilation, which takes seconds and stays in memory."""
    symbols = complex_normal([20_000, NUM_SYMBOLS])
    symbols_hat, no_eff, slope = with_gradient(link, symbols, 0.1, jit_compile=True)
    assert symbols_hat.shape == no_eff.shape == symbols.shape
    error = np.abs(symbols_hat - symbols) ** 2
    assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05)
    check_gradient(slope, symbols_hat)


def test_gradient_reaches_every_symbol_that_arrives(link):
    symbols_hat, _, slope = with_gradient(link, complex_normal([6, NUM_SYMBOLS]), 0.01)
    check_gradient(slope, symbols_hat)


def check_gradient(slope, symbols_hat):
    arrived = symbols_hat != 0  # others are erased
    assert np.all(np.isfinite(slope))
    assert np.all(np.abs(slope[arrived]) > 0)
    assert np.mean(arrived) > 0.7


@pytest.mark.parametrize("link", ["effective", "umi_lmmse"], indirect=True)
def test_runs_inside_a_keras_model(link):
    class Model(keras.Model):
        def call(self, reals):
            symbols = tf.complex(reals, -reals)
            symbols_hat, no_eff = link(symbols, 0.1)
            return tf.stack([tf.abs(symbols_hat - symbols) ** 2, no_eff])

    model = Model()
    model.compile(jit_compile=False)
    reals = np.full([20_001, 3], 0.5**0.5, np.float32)
    outputs = [model.predict_on_batch(part) for part in (reals[:-1], reals[-1:])]  # any batch
    assert [output.shape for output in outputs] == [(2, 20_000, 3), (2, 1, 3)]
    error, no_eff = outputs[0]
    assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_signal_and_noise_have_the_power_asked_for(link, air, snr_db):
    link(complex_normal([20_000, NUM_SYMBOLS]), 10 ** (-snr_db / 10))
    signal, noise = air[0]
    signal_power, noise_power = (np.mean(np.abs(x) ** 2) for x in (signal, noise))
    assert decibels(noise_power) == pytest.approx(-snr_db, abs=0.1)
    assert decibels(signal_power) == pytest.approx(0.0, abs=0.1)
    assert decibels(signal_power / noise_power) == pytest.approx(snr_db, abs=0.1)


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_reported_noise_is_the_residual_error(link, snr_db):
    symbols = complex_normal([20_000, NUM_SYMBOLS])
    symbols_hat, no_eff = link(symbols, 10 ** (-snr_db / 10))
    error = np.abs(symbols_hat - symbols) ** 2
    assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05)


def test_survives_the_absence_of_noise(link):
    symbols = complex_normal([2000, NUM_SYMBOLS])
    symbols_hat, no_eff = link(symbols, 0.0)
    assert np.all(no_eff >= 0)
    error = np.mean(np.abs(symbols_hat - symbols) ** 2)
    assert error <= 1.1 * np.mean(no_eff)
    assert np.median(no_eff) < np.median(link(symbols, 0.1)[1])


@pytest.mark.parametrize("num_latents", [1, 10, 1000])
def test_channel_uses_are_the_resource_elements_on_the_air(link, air, num_latents):
    link(complex_normal([num_latents, NUM_SYMBOLS]), 0.1)
    settings = getattr(link.settings, "link", link.settings)
    received, _ = air[0]
    uses = link.channel_uses(NUM_SYMBOLS, num_latents)
    assert isinstance(uses, int)
    assert uses == received.size // getattr(settings, "num_rx_ant", 1)


def test_the_output_is_what_is_there_after_the_last_transmission(link):
    symbols = complex_normal([3, NUM_SYMBOLS])
    reseed("call")
    expected = link(symbols, 0.1)
    reseed("call")
    each = link.after_each(symbols, 0.1)
    for found, last in zip(each, expected, strict=True):
        assert found.shape == (link.num_transmissions, *symbols.shape)
        np.testing.assert_allclose(found[-1], last, rtol=1e-5, atol=1e-6)


def test_settings_rebuild_the_link(link):
    settings = link.settings.model_dump(mode="json")
    if settings.get("channel") and not settings["channel"]["kind"]:
        pytest.skip("a channel model that is given in Python is no setting")
    assert from_settings(settings).settings == link.settings


@pytest.mark.parametrize(
    ("symbols", "no", "message"),
    [
        (tf.ones([2, 3]), 0.1, r"`symbols` must be complex of shape.*\(2, 3\), dtype=float32"),
        (tf.ones([3], tf.complex64), 0.1, r"`symbols` must be complex of shape.*shape=\(3,\)"),
        (tf.ones([2, 3], tf.complex64), tf.ones([3]), r"`no` must have shape.*\(2,\).*\(3,\)"),
        (tf.ones([2, 3], tf.complex64), tf.ones([2, 3]), r"`no` must have shape.*\(2, 3\)"),
    ],
    ids=["real", "vector", "noise for other rows", "noise for every symbol"],
)
def test_wrong_shapes_are_refused(link, symbols, no, message):
    with pytest.raises(ValueError, match=message):
        link(symbols, no)
