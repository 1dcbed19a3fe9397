# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.mapping import LatentDemapper, LatentMapper, num_symbols


@pytest.mark.parametrize(("latent_dim", "expected"), [(1, 1), (2, 1), (3, 2), (16, 8)])
def test_two_real_numbers_share_a_symbol(latent_dim, expected):
    assert num_symbols(latent_dim) == expected
    assert LatentMapper()(tf.ones([2, latent_dim])).shape == [2, expected]


def test_first_half_is_real_second_half_imaginary_and_odd_is_padded():
    symbols = LatentMapper()(tf.constant([[1.0, 2.0, 3.0, 4.0, 5.0]]))
    expected = np.array([[1 + 4j, 2 + 5j, 3 + 0j]]) * np.sqrt(3 / 55)
    np.testing.assert_allclose(symbols, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (7, 16), (4, 1, 2, 9)])
def test_every_latent_has_unit_power(compiled, shape):
    scale = tf.exp(3 * tf.random.normal([*shape[:-1], 1]))
    symbols = compiled(LatentMapper())(scale * tf.random.normal(shape))
    np.testing.assert_allclose(np.mean(np.abs(symbols) ** 2, axis=-1), 1.0, rtol=1e-5)


def test_gradient_does_not_change_the_power(compiled):
    mapper = LatentMapper()

    def gradient(latents):
        with tf.GradientTape() as tape:
            tape.watch(latents)
            symbols = mapper(latents)
            value = tf.reduce_sum(tf.math.real(symbols) ** 3 + tf.math.imag(symbols))
        return tape.gradient(value, latents)

    latents = tf.random.normal([6, 5])
    slope = compiled(gradient)(latents)
    assert np.all(np.linalg.norm(slope, axis=-1) > 1e-3)
    # symbols do not depend on the length of a latent, so that the slope along it is zero
    np.testing.assert_allclose(np.sum(slope * latents, axis=-1), 0.0, atol=1e-5)


def test_latent_of_zeros_sends_nothing_and_has_no_gradient():
    latents = tf.zeros([1, 4])
    with tf.GradientTape() as tape:
        tape.watch(latents)
        symbols = LatentMapper()(latents)
        power = tf.reduce_sum(tf.math.real(symbols))
    assert not np.any(symbols)
    assert not np.any(tape.gradient(power, latents))


@pytest.mark.parametrize("latent_dim", [1, 6, 7])
def test_demapper_undoes_the_mapper_up_to_the_scale(compiled, latent_dim):
    latents = tf.random.normal([3, 1, 2, latent_dim])
    mapper, demapper = LatentMapper(), LatentDemapper(latent_dim)
    received = compiled(lambda z: demapper(mapper(z)))(latents)
    norm = np.linalg.norm(latents, axis=-1, keepdims=True)
    expected = latents / norm * np.sqrt(num_symbols(latent_dim))
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-6)


def test_average_power_lets_latents_differ():
    latents = tf.constant([[1.0, 0.0], [3.0, 0.0]])
    symbols = LatentMapper("average")(latents)
    np.testing.assert_allclose(np.abs(symbols[:, 0]) ** 2, [0.2, 1.8], rtol=1e-6)


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


def test_lmmse_reaches_the_least_mean_squared_error():
    count, noise = 200_000, np.array([0.1, 2.0])
    x = tf.complex(*tf.unstack(tf.random.normal([2, count, 2], stddev=0.5**0.5)))
    w = tf.complex(*tf.unstack(tf.random.normal([2, count, 2], stddev=0.5**0.5)))
    y = x + w * noise**0.5
    latents = LatentDemapper(4)(x)
    estimate = LatentDemapper(4, "lmmse")(y, noise)
    error = np.mean(np.reshape((estimate - latents) ** 2, [count, 2, 2]), axis=(0, 1))
    np.testing.assert_allclose(2 * error, noise / (1 + noise), rtol=0.01)


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 7])
@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_no_other_factor_has_less_error_than_lmmse(latent_dim, noise):
    """Includes an odd dimension, whose real numbers have more than half of the power."""
    symbols = LatentMapper()(tf.random.normal([100_000, latent_dim]))
    latents = LatentDemapper(latent_dim)(symbols).numpy()
    noisy = symbols + (noise / 2) ** 0.5 * tf.complex(*tf.random.normal([2, *symbols.shape]))
    received = LatentDemapper(latent_dim)(noisy).numpy()
    best = np.sum(received * latents) / np.sum(received**2)
    estimate = LatentDemapper(latent_dim, "lmmse")(noisy, noise)
    np.testing.assert_allclose(estimate, best * received, rtol=0.01)
    power = num_symbols(latent_dim) / latent_dim
    left = power * noise / (2 * power + noise)
    np.testing.assert_allclose(np.mean((estimate - latents) ** 2), left, rtol=0.02)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LatentMapper("peak"), "`power` must be 'latent' or 'average'.*'peak'"),
        (lambda: LatentMapper(momentum=1.0), r"`momentum` must lie in \[0, 1\).*1.0"),
        (lambda: LatentMapper()(tf.zeros([2, 2], tf.complex64)), "`latents` must be real.*complex"),
        (lambda: LatentMapper()(tf.constant(1.0)), r"`latents` must be real.*shape=\(\)"),
        (lambda: LatentDemapper(0), "`latent_dim` must be at least 1.*0"),
        (lambda: LatentDemapper(4, "zf"), "`estimator` must be 'unbiased' or 'lmmse'.*'zf'"),
        (
            lambda: LatentDemapper(5)(tf.zeros([2, 2], tf.complex64)),
            r"`symbols_hat` must be complex of shape \[..., 3\].*\(2, 2\)",
        ),
        (
            lambda: LatentDemapper(4, "lmmse")(tf.zeros([2, 2], tf.complex64)),
            "`no_eff` is needed by estimator='lmmse'",
        ),
    ],
)
def test_wrong_use_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e-8, 1.0, 1e12, 1e20, 1e30])
@pytest.mark.parametrize("power", ["latent", "average"])
def test_latents_of_any_magnitude_have_unit_power(compiled, scale, power):
    latents = np.random.default_rng(0).normal(size=(4, 6))
    symbols = compiled(LatentMapper(power))(tf.constant(latents * scale, tf.float32))
    np.testing.assert_allclose(np.mean(np.abs(symbols) ** 2), 1.0, rtol=1e-5)
    expected = latents[:, :3] + 1j * latents[:, 3:]
    axis = -1 if power == "latent" else None
    expected /= np.sqrt(np.mean(np.abs(expected) ** 2, axis=axis, keepdims=True))
    np.testing.assert_allclose(symbols, expected, rtol=1e-5)


def test_a_huge_latent_has_a_finite_gradient():
    latents = tf.constant([[1e30, -2e30, 3e30, 1e29]])
    with tf.GradientTape() as tape:
        tape.watch(latents)
        value = tf.reduce_sum(tf.math.real(LatentMapper()(latents)) ** 3)
    assert np.isfinite(tape.gradient(value, latents)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_spoils_its_own_latent_alone(compiled, bad):
    symbols = compiled(LatentMapper())(tf.constant([[1.0, bad, 0.0, 2.0], [1.0, 1.0, 1.0, 1.0]]))
    assert np.isnan(symbols[0]).all()
    assert np.isfinite(symbols[1]).all()


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


def test_keras_trains_the_running_power_and_leaves_it_alone_otherwise():
    model, latents = trained_transmitter()
    assert float(model.mapper.mean_power) == pytest.approx(12.0 / 2)
    model.evaluate(9 * latents, latents, verbose=0)
    model.predict(9 * latents, verbose=0)
    assert float(model.mapper.mean_power) == pytest.approx(6.0)
    # a batch of one has its own power, not one
    np.testing.assert_allclose(np.sum(model(latents[:1]) ** 2), 2 / 6, rtol=1e-5)
    np.testing.assert_allclose(np.sum(model.predict(latents[:1], verbose=0) ** 2), 2 / 6, 1e-5)


def test_the_running_power_comes_back_with_the_weights(tmp_path):
    model, latents = trained_transmitter()
    model.save_weights(tmp_path / "model.weights.h5")
    other = Transmitter()
    other(latents)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other(latents[:1]), model(latents[:1]))


def test_weights_from_before_the_mapper_was_saved_load(tmp_path):
    import h5py

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


def test_mappers_can_be_copied():
    mapper = copy.deepcopy(LatentMapper())
    np.testing.assert_allclose(np.abs(mapper(tf.ones([1, 2]))), 1.0, rtol=1e-6)


@pytest.mark.parametrize("shape", [[], [3], [3, 1], [3, 1, 2], [3, 1, 1, 4], [1, 1, 2, 4]])
def test_noise_powers_may_have_the_first_axes_alone(shape):
    """As ``no`` of Sionna's blocks, and ``no_eff`` of its equalizers."""
    symbols, no_eff = complex_normal([3, 1, 2, 4]), tf.random.uniform(shape)
    full = tf.reshape(no_eff, [*shape, *[1] * (4 - len(shape))]) * tf.ones([3, 1, 2, 4])
    given = LatentDemapper(8, "lmmse")(symbols, no_eff)
    np.testing.assert_allclose(given, LatentDemapper(8, "lmmse")(symbols, full), rtol=1e-6)


def test_an_unknown_dimension_in_a_graph_is_refused_with_what_to_do():
    graph = tf.function(LatentMapper(), input_signature=[tf.TensorSpec([None, None])])
    with pytest.raises(ValueError, match=r"tf.ensure_shape\(latents, \[None, latent_dim\]\) tells"):
        graph(tf.zeros([4, 8]))


def test_a_slot_of_many_latents_is_refused_with_what_to_do():
    rule = r"for latent_dim=16; SlotPacker.unpack gives rows.*Received: shape=\(4, 1, 1, 144\)"
    with pytest.raises(ValueError, match=rule):
        LatentDemapper(16)(tf.zeros([4, 1, 1, 144], tf.complex64))


@pytest.mark.parametrize("estimator", ["unbiased", "lmmse"])
@pytest.mark.parametrize("shape", [[None, None], None], ids=["size", "rank"])
def test_a_number_of_symbols_that_a_graph_knows_when_it_runs(estimator, shape):
    demapper, symbols = LatentDemapper(16, estimator), complex_normal([3, 8])
    graph = tf.function(
        lambda z: demapper(z, 0.5), input_signature=[tf.TensorSpec(shape, tf.complex64)]
    )
    np.testing.assert_allclose(graph(symbols), demapper(symbols, 0.5), rtol=1e-6)
