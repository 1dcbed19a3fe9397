# SPDX-License-Identifier: Apache-2.0
"""Centroid losses against plain NumPy and their limits."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp

from sionna_semcom import losses

TAU = 0.2


@pytest.fixture
def embeddings(rng):
    x = rng.normal(size=(3, 5, 4)).astype(np.float32)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def reference_centroids(embeddings):
    mean = embeddings.mean(0)
    return mean / np.linalg.norm(mean, axis=-1, keepdims=True)


def info_nce(similarity, allowed=None):
    """Mean over rows of -log softmax at the diagonal, one row and one term at a time."""
    total = 0.0
    for j, row in enumerate(similarity):
        terms = [row[k] for k in range(len(row)) if k == j or allowed is None or allowed[j, k]]
        total += logsumexp(np.array(terms) / TAU) - row[j] / TAU
    return total / len(similarity)


def test_losses_equal_a_plain_evaluation(embeddings):
    c = reference_centroids(embeddings)
    np.testing.assert_allclose(losses.centroid(embeddings), c, atol=1e-6)
    m2c = sum(info_nce(m @ c.T) for m in embeddings)
    c2m = sum(info_nce(c @ m.T) for m in embeddings)
    spread = info_nce(c @ c.T)
    np.testing.assert_allclose(losses.m2c_loss(embeddings, c, TAU), m2c, rtol=1e-5)
    np.testing.assert_allclose(losses.c2m_loss(embeddings, c, TAU), c2m, rtol=1e-5)
    np.testing.assert_allclose(losses.centroids_loss(c, TAU), spread, rtol=1e-5)
    total = losses.centroid_contrastive_loss(embeddings, c, TAU)
    np.testing.assert_allclose(total, (m2c + c2m) / 2 + spread, rtol=1e-5)


def test_samples_of_one_meaning_are_no_negatives(embeddings):
    labels = np.array([0, 1, 0, 2, 1])
    same = labels[:, None] == labels[None, :]
    c = reference_centroids(embeddings)
    expected = sum(info_nce(m @ c.T, ~same) for m in embeddings)
    np.testing.assert_allclose(losses.m2c_loss(embeddings, c, TAU, same), expected, rtol=1e-5)
    np.testing.assert_allclose(losses.centroids_loss(c, TAU, np.ones_like(same)), 0.0, atol=1e-6)


def test_loss_is_log_of_batch_size_where_nothing_tells_samples_apart():
    identical = tf.tile(tf.constant([[[1.0, 0.0]]]), [3, 5, 1])
    total = losses.centroid_contrastive_loss(identical, losses.centroid(identical), TAU)
    np.testing.assert_allclose(total, (3 + 1) * np.log(5), rtol=1e-6)


def test_missing_modalities_do_not_move_the_centroid(embeddings):
    present = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 0], [0, 1, 1, 0, 0]], np.float32)
    c = losses.centroid(embeddings, present).numpy()
    np.testing.assert_allclose(c[0], embeddings[0, 0], atol=1e-6)
    np.testing.assert_allclose(c[1], reference_centroids(embeddings)[1], atol=1e-6)
    np.testing.assert_array_equal(c[4], 0.0)


def test_unit_norm_of_half_precision():
    x = tf.constant([[0, 0], [300, 400], [3e-4, 4e-4]], tf.float16)
    found = losses.unit_norm(x)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found, [[0, 0], [0.6, 0.8], [0.6, 0.8]], atol=2e-3)


def test_unit_norm_has_finite_gradients_at_zero():
    x = tf.Variable(tf.zeros([2, 3]))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(losses.unit_norm(x))
    assert np.isfinite(tape.gradient(y, x)).all()
