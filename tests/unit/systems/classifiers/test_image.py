# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.datasets import Digits
from sionna_semcom.link import AWGNLink
from sionna_semcom.simulation import ModelSettings
from sionna_semcom.systems import ImageClassifier

NETWORKS = ["residual", "plain"]


@pytest.fixture(scope="module")
def digits():
    return Digits()


def images(count=6, shape=(8, 8, 1)):
    return tf.constant(np.random.default_rng(1).random((count, *shape), np.float32))


@pytest.mark.parametrize("network", NETWORKS)
def test_logits_are_the_head_of_the_latents(network):
    model = ImageClassifier((8, 8, 1), 7, network=network, latent_dim=12, widths=(4, 8))
    latents = model.encode(images())
    assert latents.shape == (6, 12)
    kernel, bias = model.head.get_weights()
    assert kernel.shape == (12, 7)
    logits = model({"image": images()})
    np.testing.assert_allclose(logits, latents.numpy() @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert model.num_classes == 7


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_loss_is_that_of_keras(smoothing):
    model = ImageClassifier(
        (8, 8, 1), 5, network="plain", latent_dim=4, widths=(4,), label_smoothing=smoothing
    )
    label = tf.constant([0, 1, 4, 4, 2, 3])
    logits = tf.constant(np.random.default_rng(2).normal(size=(6, 5)), tf.float32)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    found = model.compute_loss({"image": images(), "label": label}, None, logits)
    np.testing.assert_allclose(found, loss(tf.one_hot(label, 5), logits), rtol=1e-5)


@pytest.mark.parametrize("network", NETWORKS)
def test_latents_of_mirror_images_are_averaged(network, compiled):
    model = ImageClassifier((8, 9, 1), network=network, latent_dim=6, widths=(4, 8), mirror=True)
    mirrored = images(shape=(8, 9, 1))[:, :, ::-1]
    encode = compiled(model.encode)
    expected = (model.encoder(images(shape=(8, 9, 1))) + model.encoder(mirrored)) / 2
    for seen in (images(shape=(8, 9, 1)), mirrored):
        np.testing.assert_allclose(encode(seen), expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(model.encoder(mirrored), expected, rtol=1e-2)


def test_training_sees_images_as_they_are():
    plain, mirror = (
        ImageClassifier((8, 8, 1), network="residual", latent_dim=6, widths=(4,), mirror=mirror)
        for mirror in (False, True)
    )
    mirror.set_weights(plain.get_weights())
    latents = [model.encode(images(), training=True) for model in (plain, mirror)]
    np.testing.assert_allclose(*latents, rtol=1e-6)
    assert not np.allclose(plain.encode(images()), mirror.encode(images()), rtol=1e-2)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_few_steps_teach_it_digits(digits, network):
    model = ImageClassifier((8, 8, 1), network=network, latent_dim=16, widths=(8, 16))
    model.compile(keras.optimizers.Adam(3e-3), jit_compile=False)
    pixels, labels = digits.images("test")

    def accuracy():
        return np.mean(np.argmax(model({"image": pixels}), -1) == labels)

    before = accuracy()
    history = model.fit(digits.train(50, 40), epochs=2, shuffle=False, verbose=0).history["loss"]
    assert history[1] < history[0] < np.log(10)
    assert before < 0.4
    assert accuracy() > 0.75


def test_settings_build_it(digits):
    system = {"kind": "image_classifier", "network": "plain", "latent_dim": 9, "widths": [4]}
    settings = ModelSettings.model_validate({"system": {**system, "mirror": True}})
    model = settings.build(digits, AWGNLink())
    assert isinstance(model, ImageClassifier)
    assert (model.settings.mirror, model.settings.label_smoothing, model.num_classes) == (
        True,
        0.1,
        10,
    )
    assert model.encode(images()).shape == (6, 9)


def test_an_unknown_network_is_refused():
    with pytest.raises(
        ValueError, match=r"network: Input should be 'residual' or 'plain'.*'dense'"
    ):
        ImageClassifier((8, 8, 1), network="dense", latent_dim=4)
