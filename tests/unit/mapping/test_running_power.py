# SPDX-License-Identifier: Apache-2.0
"""The running average of the power in training, evaluation, graphs and files."""

from __future__ import annotations

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.mapping import LatentMapper


def test_running_power_is_an_exponential_average_and_serves_evaluation(compiled):
    mapper, momentum = LatentMapper("average", momentum=0.9), 0.9
    train = compiled(lambda z: mapper(z, training=True))
    expected = None
    for scale in (2.0, 5.0, 1.0):
        latents = scale * tf.random.normal([8, 6])
        power = 2 * np.mean(np.square(latents))
        expected = power if expected is None else momentum * expected + (1 - momentum) * power
        np.testing.assert_allclose(np.mean(np.abs(train(latents)) ** 2), 1.0, rtol=1e-5)
    symbols = mapper(tf.ones([1, 2]), training=False)
    np.testing.assert_allclose(symbols, [[(1 + 1j) / np.sqrt(expected)]], rtol=1e-5)
    np.testing.assert_allclose(mapper.mean_power, expected, rtol=1e-5)


def test_a_graph_follows_training_that_is_passed_inside_and_outside_gradients():
    """Without ``training``, a graph keeps the mode in which it was traced, as documented."""
    mapper = LatentMapper("average", momentum=0.5)
    send = tf.function(mapper)
    send(tf.ones([2, 2]), training=False)
    assert float(mapper.mean_power) == 0.0
    latents = tf.Variable([[3.0, 1.0], [1.0, 1.0]])
    with tf.GradientTape():
        send(latents, training=True)
    assert float(mapper.mean_power) == pytest.approx((9 + 1 + 1 + 1) / 2)
    with tf.GradientTape():
        send(9 * latents, training=False)
    assert float(mapper.mean_power) == pytest.approx(6.0)


def test_evaluation_before_training_uses_the_power_of_the_batch():
    mapper = LatentMapper("average")
    symbols = mapper(4 * tf.random.normal([5, 4]), training=False)
    np.testing.assert_allclose(np.mean(np.abs(symbols) ** 2), 1.0, rtol=1e-5)
    assert float(mapper.mean_power) == 0.0


def test_model_saves_the_running_power(tmp_path):
    class Transmitter(keras.Model):
        def __init__(self):
            super().__init__()
            self.mapper = LatentMapper("average")
            self.mean_power = self.mapper.mean_power

        def call(self, latents, training=False):
            return self.mapper(latents, training=training)

    first, second = Transmitter(), Transmitter()
    first(3 * tf.random.normal([50, 4]), training=True)
    second(tf.zeros([1, 4]))
    first.save_weights(tmp_path / "model.weights.h5")
    second.load_weights(tmp_path / "model.weights.h5")
    assert float(second.mapper.mean_power) == float(first.mapper.mean_power) > 10


class Transmitter(keras.Model):
    """Model as in the documentation: its layers take no argument ``training``."""

    def __init__(self):
        super().__init__()
        self.encoder = keras.layers.Dense(2, use_bias=False, kernel_initializer="identity")
        self.mapper = LatentMapper("average", momentum=0.5)

    def call(self, latents):
        symbols = self.mapper(self.encoder(latents))
        return tf.concat([tf.math.real(symbols), tf.math.imag(symbols)], -1)


def trained_transmitter():
    model, latents = Transmitter(), np.array([[1.0, 1.0], [3.0, 1.0]], "f")
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=False)
    model.fit(latents, latents, batch_size=2, epochs=2, verbose=0)
    return model, latents


def test_the_running_power_comes_back_with_the_weights(tmp_path):
    model, latents = trained_transmitter()
    model.save_weights(tmp_path / "model.weights.h5")
    other = Transmitter()
    other(latents)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other(latents[:1]), model(latents[:1]))


def test_weights_from_before_the_mapper_was_saved_load(tmp_path):
    model, _ = trained_transmitter()
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        del file["mapper"]
    kernel = model.encoder.get_weights()[0]
    model.encoder.set_weights([np.zeros_like(weight) for weight in model.encoder.get_weights()])
    model.load_weights(path)
    np.testing.assert_array_equal(model.encoder.get_weights()[0], kernel)
    assert float(model.mapper.mean_power) == pytest.approx(6.0)


def test_keras_trains_the_running_power_and_leaves_it_alone_otherwise():
    model, latents = trained_transmitter()
    assert float(model.mapper.mean_power) == pytest.approx(12.0 / 2)
    model.evaluate(9 * latents, latents, verbose=0)
    model.predict(9 * latents, verbose=0)
    assert float(model.mapper.mean_power) == pytest.approx(6.0)
    # a batch of one has its own power, not one
    np.testing.assert_allclose(np.sum(model(latents[:1]) ** 2), 2 / 6, rtol=1e-5)
    np.testing.assert_allclose(np.sum(model.predict(latents[:1], verbose=0) ** 2), 2 / 6, 1e-5)


def test_batch_that_is_not_finite_does_not_change_the_running_power():
    mapper = LatentMapper("average", momentum=0.5)
    for scale in (2.0, np.nan, np.inf):
        mapper(scale * tf.ones([3, 2]), training=True)
    assert float(mapper.mean_power) == pytest.approx(8.0)
