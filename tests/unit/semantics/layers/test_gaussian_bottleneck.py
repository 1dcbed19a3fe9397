# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.semantics import GaussianBottleneck


def _bottleneck(features=6, dim=4, **options):
    layer = GaussianBottleneck(dim, **options)
    layer.build((None, features))
    return layer


def test_divergence_is_that_of_a_monte_carlo_estimate():
    layer, features = _bottleneck(), tf.random.normal([3, 6])
    _, divergence = layer(features)
    posterior = layer.distribution(features)
    mean, deviation = posterior.mean(), posterior.stddev()
    samples = posterior.sample(200_000)
    ratio = (
        tf.reduce_sum(-((samples - mean) ** 2) / (2 * deviation**2) - tf.math.log(deviation), -1)
        + tf.reduce_sum(samples**2, -1) / 2
    )
    error = np.std(ratio, 0) / np.sqrt(len(ratio))
    np.testing.assert_array_less(np.abs(np.mean(ratio, 0) - divergence), 5 * error)


def test_divergence_is_the_closed_form():
    layer, features = _bottleneck(), tf.random.normal([5, 6])
    posterior = layer.distribution(features)
    mean, variance = posterior.mean().numpy(), posterior.variance().numpy()
    expected = 0.5 * (mean**2 + variance - 1 - np.log(variance)).sum(-1)
    np.testing.assert_allclose(layer(features)[1], expected, rtol=1e-4)


def test_sampled_in_training_and_the_mean_afterwards(compiled):
    layer, features = _bottleneck(), tf.random.normal([5, 6])
    posterior = layer.distribution(features)
    np.testing.assert_array_equal(layer(features)[0], posterior.mean())
    trained = compiled(lambda x: layer(x, training=True)[0])
    copies = tf.tile(features[:1], [20_000, 1])
    draws = trained(copies).numpy()
    np.testing.assert_allclose(draws.mean(0), posterior.mean()[0], atol=0.05)
    np.testing.assert_allclose(draws.std(0), posterior.stddev()[0], atol=0.05)
    samples = layer(features, num_samples=7)[0]
    assert samples.shape == (7, 5, 4)
    assert np.ptp(samples, axis=0).min() > 0


def test_gradients_reach_mean_and_deviation():
    layer, features = _bottleneck(), tf.random.normal([5, 6])
    with tf.GradientTape() as tape:
        latents, divergence = layer(features, training=True)
        loss = tf.reduce_sum(latents**2) + tf.reduce_sum(divergence)
    kernel = tape.gradient(loss, layer.trainable_weights)[0].numpy()
    assert np.abs(kernel).sum(0).min() > 0


def test_without_noise_nothing_is_compressed():
    layer, features = _bottleneck(stochastic=False), tf.random.normal([5, 6])
    first, divergence = layer(features, training=True)
    np.testing.assert_array_equal(first, layer(features)[0])
    np.testing.assert_array_equal(divergence, np.zeros(5))


def test_its_weights_belong_to_the_model_that_holds_it():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.bottleneck = _bottleneck()

    assert len(Model().trainable_weights) == 2


def test_a_dimension_of_none_is_refused():
    with pytest.raises(ValueError, match=r"`dim` must be positive\. Received: 0"):
        GaussianBottleneck(0)
