# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy

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
