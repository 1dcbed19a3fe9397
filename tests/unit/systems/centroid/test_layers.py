# SPDX-License-Identifier: Apache-2.0
"""Training flag and losses of layers in encoders and decoders."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import metrics
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import Modality
from sionna_semcom.systems import CentroidSystem

from .silent_link import SilentLink


def one_modality(encoder, decoder, **options):
    modality = Modality("x", (4,), encoder, decoder, metrics.mse)
    return CentroidSystem(
        [modality], link=AWGNLink(), contrastive_weight=0.0, snr_db=20.0, **options
    )


@pytest.mark.parametrize("mode", ["end_to_end", "paper", "conventional"])
def test_layers_know_whether_they_are_trained(mode):
    layers = keras.layers
    encoder = keras.Sequential(
        [keras.Input((4,)), layers.BatchNormalization(momentum=0.5), layers.Dense(4)]
    )
    decoder = keras.Sequential([layers.Dense(4), layers.BatchNormalization(momentum=0.5)])
    system = one_modality(encoder, decoder, mode=mode)
    system.compile(keras.optimizers.Adam(1e-9))
    data = tf.data.Dataset.from_tensors({"x": 3.0 + 2.0 * tf.random.normal([500, 4])}).repeat(20)
    system.evaluate(data.take(2), verbose=0)
    assert not np.any(encoder.layers[0].moving_mean)
    system.fit(data, verbose=0)
    np.testing.assert_allclose(encoder.layers[0].moving_mean, 3.0, atol=0.3)
    assert np.all(np.abs(decoder.layers[1].moving_variance - 1.0) > 1e-3)
    batch = next(iter(data))
    first, second = (system(batch, snr_db=np.inf)["x"] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.any(system(batch, snr_db=np.inf, training=True)["x"] != first)


def test_losses_of_layers_count():
    layers = keras.layers

    def loss(weight):
        keras.utils.set_random_seed(1)
        kernel, activity = keras.regularizers.L2(weight), keras.regularizers.L1(weight)
        encoder = keras.Sequential([keras.Input((4,)), layers.Dense(4, kernel_regularizer=kernel)])
        decoder = keras.Sequential([layers.Dense(4, activity_regularizer=activity)])
        system = one_modality(encoder, decoder)
        system.link = SilentLink()
        system.compile()
        total = system.total_loss({"x": tf.ones([6, 4])}, training=True)
        outputs = system({"x": tf.ones([6, 4])}, snr_db=20.0)["x"]
        penalty = np.sum(np.square(encoder.layers[0].kernel)) + np.mean(np.sum(np.abs(outputs), -1))
        return float(total), penalty

    (without, penalty), (with_losses, _) = loss(0.0), loss(0.5)
    np.testing.assert_allclose(with_losses - without, 0.5 * penalty, rtol=1e-4)
