# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.semantics import GradientReversal


@pytest.mark.parametrize("scale", [0.0, 0.5, 2.0])
def test_identity_forward_and_reversed_backward(compiled, scale):
    layer, x = GradientReversal(scale), tf.random.normal([4, 3])

    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            loss = tf.reduce_sum(y**3)
        return y, tape.gradient(loss, x)

    y, gradient = compiled(both)(x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_allclose(gradient, -scale * 3 * x**2, rtol=1e-5)


def test_a_new_scale_takes_effect_in_a_graph_that_was_traced():
    layer, x = GradientReversal(0.0), tf.ones([2])

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x))
        return tape.gradient(y, x)

    np.testing.assert_array_equal(gradient(), [0, 0])
    layer.scale.assign(3.0)
    np.testing.assert_array_equal(gradient(), [-3, -3])


def test_one_step_moves_discriminator_and_encoder_against_each_other():
    """The loss decreases with the discriminator's step, and increases with the encoder's step."""
    encoder, judge = keras.layers.Dense(2), keras.layers.Dense(1)
    layer, x = GradientReversal(), tf.random.normal([50, 3])
    y = tf.cast(x[:, :1] > 0, tf.float32)

    def loss():
        return tf.reduce_mean(keras.losses.binary_crossentropy(y, judge(layer(encoder(x))), True))

    before = loss()
    with tf.GradientTape() as tape:
        value = loss()
    of_encoder, of_judge = (encoder.trainable_weights, judge.trainable_weights)
    steps = tape.gradient(value, [*of_encoder, *of_judge])
    for part, sign in ((of_encoder, 1), (of_judge, -1)):
        kept = [weight.numpy() for weight in part]
        for weight, step in zip(part, steps[: len(part)] if sign > 0 else steps[-2:], strict=True):
            weight.assign_sub(0.05 * step)
        assert sign * float(loss() - before) > 0
        for weight, old in zip(part, kept, strict=True):
            weight.assign(old)


def test_a_negative_scale_is_refused():
    with pytest.raises(ValueError, match=r"`scale` must not be negative\. Received: -1"):
        GradientReversal(-1)
