# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.neighbors import NearestNeighbors

from sionna_semcom.metrics import pairwise_recall_at_1, recall_at_1


@pytest.fixture
def embeddings():
    rng = np.random.default_rng(1)
    labels = rng.integers(4, size=60)
    samples = rng.normal(size=(4, 3))[labels] + 0.5 * rng.normal(size=(60, 3))
    names = ("image", "audio", "text")
    return {name: samples + 0.3 * rng.normal(size=(60, 3)) for name in names}, labels


@pytest.mark.parametrize("level", ["class", "instance"])
def test_recall_equals_a_nearest_neighbor_search(embeddings, level):
    values, labels = embeddings
    targets = labels if level == "class" else np.arange(60)
    got = pairwise_recall_at_1(values, labels if level == "class" else None)
    assert len(got) == 6
    for pair, right in got.items():
        query, gallery = pair.split("_to_")
        search = NearestNeighbors(n_neighbors=1, metric="cosine").fit(values[gallery])
        nearest = search.kneighbors(values[query], return_distance=False)[:, 0]
        expected = targets[nearest] == targets
        assert 0 < expected.mean() < 1
        np.testing.assert_array_equal(right, expected)


def test_length_does_not_matter(embeddings):
    values, labels = embeddings
    scale = np.random.default_rng(2).uniform(0.1, 10, size=(60, 1))
    np.testing.assert_array_equal(
        recall_at_1(values["image"] * scale, values["audio"] / scale, labels),
        recall_at_1(values["image"], values["audio"], labels),
    )


def test_gallery_may_differ_in_size_and_labels():
    right = recall_at_1(
        [[1.0, 0.1], [0.1, 1.0]], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], [7, 8], [7, 7, 8]
    )
    np.testing.assert_array_equal(right, [True, False])


def test_wrong_shapes_are_refused():
    x = tf.eye(3)
    with pytest.raises(ValueError, match=r"\[num_items, dim\]. Received: \(3, 3\) and \(3, 2\)"):
        recall_at_1(x, x[:, :2])
    with pytest.raises(
        ValueError, match=r"`query_labels` must have shape \(3,\). Received: \(2,\)"
    ):
        recall_at_1(x, x, [0, 1])
    with pytest.raises(ValueError, match=r"`gallery_labels` must have shape \(2,\). Received"):
        recall_at_1(x, x[:2])


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_tiny_and_huge_embeddings_are_compared_by_their_direction(embeddings, scale):
    image, audio = (embeddings[0][name].astype("f") for name in ("image", "audio"))
    np.testing.assert_array_equal(
        recall_at_1(image * np.float32(scale), audio), recall_at_1(image, audio)
    )


def test_whole_numbers_are_embeddings_too():
    np.testing.assert_array_equal(recall_at_1([[2, 1], [0, 3]], [[1.0, 0.2], [0.1, 1.0]]), True)


def test_labels_may_have_different_types():
    rows = tf.eye(3)
    found = recall_at_1(rows, rows, tf.constant([0, 1, 2]), tf.constant([0, 1, 1], tf.int64))
    assert found.numpy().tolist() == [True, True, False]
    words = tf.constant(["a", "b", "c"])
    assert recall_at_1(rows, rows, words, words).numpy().all()
