# SPDX-License-Identifier: Apache-2.0
"""Gradients through the uplink of several users, against finite differences."""

import logging

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom._seeding import reseed
from sionna_semcom.link import UplinkLink
from sionna_semcom.mapping import LatentDemapper, LatentMapper
from sionna_semcom.mapping.real_factor import as_complex

FLAT = {"model": "flat", "csi": "perfect", "num_ofdm_symbols": 1, "cyclic_prefix_length": 0}
OFDM = {"model": "CDL-A", "csi": "ls", "num_ofdm_symbols": 3, "interpolation": "nn"}
LINKS = {
    "shared": {**FLAT, "fft_size": 6, "pilot_ofdm_symbol_indices": ()},
    "orthogonal": {**FLAT, "fft_size": 2, "pilot_ofdm_symbol_indices": (), "access": "orthogonal"},
    "estimated": {**OFDM, "fft_size": 12, "pilot_ofdm_symbol_indices": (1,)},
    "two_users": {**FLAT, "fft_size": 6, "pilot_ofdm_symbol_indices": (), "num_users": 2},
}


@pytest.fixture
def messages():
    """Messages that TensorFlow logs."""
    found = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())
    logger = logging.getLogger("tensorflow")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def loss_of(name, precision):
    """Squared error of latents, and of the noise, which is equal in each call."""
    link = UplinkLink(**{"num_users": 3, "num_rx_ant": 4, "precision": precision, **LINKS[name]})
    mapper = LatentMapper(precision=precision)
    demapper = LatentDemapper(4, "lmmse", precision=precision)
    dtype = tf.float64 if precision == "double" else tf.float32
    latents = np.random.default_rng(1).normal(size=[5, link.settings.num_users, 4])

    def loss(scale, no):
        sent = tf.constant(latents, dtype) * scale
        symbols_hat, no_eff = link(mapper(tf.tanh(sent)), no)
        error = demapper(symbols_hat, no_eff) - sent
        return tf.reduce_mean(error**2) + tf.reduce_mean(tf.math.log(no_eff))

    return loss, dtype


@pytest.mark.parametrize("name", LINKS)
def test_gradients_are_those_of_finite_differences(name, messages):
    loss, dtype = loss_of(name, "double")

    @tf.function
    def step(scale, no):
        with tf.GradientTape() as tape:
            tape.watch([scale, no])
            value = loss(scale, no)
        return value, tape.gradient(value, [scale, no])

    def at(*point):
        reseed("draws")
        value, gradients = step(*(tf.constant(x, dtype) for x in point))
        return float(value), [float(one) for one in gradients]

    point, eps = np.array([0.8, 0.2]), 1e-5
    gradients = at(*point)[1]
    if name == "estimated":  # receivers are not differentiated through their estimates
        gradients = gradients[:1]
    for move, gradient in zip(eps * np.eye(2), gradients, strict=False):
        slope = (at(*(point + move))[0] - at(*(point - move))[0]) / (2 * eps)
        assert gradient == pytest.approx(slope, rel=1e-5)
    assert not [text for text in messages if "casting" in text]


@pytest.mark.parametrize("name", ["shared", "estimated"])
def test_a_training_step_logs_nothing(name, messages):
    """TensorFlow logs a warning for each gradient of a cast from real to complex numbers."""
    loss, dtype = loss_of(name, "single")
    scale = tf.Variable(0.8, dtype=dtype)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss(scale, tf.constant(0.2, dtype))
        return tape.gradient(value, scale)

    assert np.isfinite(step())
    assert not [text for text in messages if "casting" in text]


def test_a_real_factor_has_the_values_and_the_gradient_of_a_cast(messages):
    values, weights = tf.constant([0.5, -2.0, 0.0]), tf.constant([1 + 2j, 3 - 1j, 1j], tf.complex64)
    found = []
    for convert in (lambda x: tf.cast(x, tf.complex64), as_complex):
        with tf.GradientTape() as tape:
            tape.watch(values)
            converted = convert(values)
            total = tf.math.real(tf.reduce_sum(weights * converted))
        found.append((converted, tape.gradient(total, values)))
        assert bool(messages) == (convert is not as_complex)
        messages.clear()
    for cast, ours in zip(*found, strict=True):
        np.testing.assert_array_equal(cast, ours)
