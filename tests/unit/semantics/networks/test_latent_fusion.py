# SPDX-License-Identifier: Apache-2.0
"""Learned fusion against NumPy, and missing modalities, which must not affect the latent."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erf

from sionna_semcom.semantics import LatentFusion

MODALITIES, BATCH, LATENT, UNIQUE, UNITS = 3, 5, 4, 2, 7
PRESENT = np.array([[1, 1, 0, 1, 0], [1, 0, 1, 1, 0], [1, 0, 0, 1, 1]], np.float32)


@pytest.fixture
def encodings():
    draw = np.random.default_rng(5).normal(size=(MODALITIES, BATCH, LATENT + UNIQUE))
    draw[..., :LATENT] /= np.linalg.norm(draw[..., :LATENT], axis=-1, keepdims=True)
    return draw.astype(np.float32)


def make(moved=True):
    layer = LatentFusion(MODALITIES, LATENT, UNIQUE, UNITS)
    for weight in layer.trainable_weights if moved else ():
        weight.assign(0.5 * tf.random.normal(weight.shape))
    return layer


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def mean(encodings, present):
    return unit(np.sum(encodings[..., :LATENT] * present[..., None], 0))


def test_training_starts_at_the_centroid_of_what_is_present(encodings):
    np.testing.assert_allclose(
        make(moved=False)(encodings, PRESENT), mean(encodings, PRESENT), atol=1e-6
    )


def test_latents_are_those_of_the_equation(encodings):
    layer = make()
    first, bias, last, offset = (weight.numpy() for weight in layer.weights)
    rows = np.split(first, MODALITIES)  # A_i, whose last column belongs to the flag
    total = bias + sum(
        p[:, None] * (x @ a[:-1] + a[-1]) for p, x, a in zip(PRESENT, encodings, rows, strict=True)
    )
    hidden = 0.5 * total * (1.0 + erf(total / np.sqrt(2.0)))
    expected = unit(mean(encodings, PRESENT) + hidden @ last + offset)
    np.testing.assert_allclose(layer(encodings, PRESENT), expected, atol=2e-6)


def test_what_is_missing_does_not_matter(encodings):
    layer = make()
    other = np.where(PRESENT[..., None] == 1, encodings, 100.0).astype(np.float32)
    np.testing.assert_allclose(layer(other, PRESENT), layer(encodings, PRESENT), atol=1e-6)


def test_a_layer_is_rebuilt_from_its_configuration(encodings):
    layer = make()
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(encodings, PRESENT), layer(encodings, PRESENT))
