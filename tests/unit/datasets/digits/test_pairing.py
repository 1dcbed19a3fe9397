# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chisquare

from sionna_semcom.datasets import ClassPairs

NUM_IMAGES, NUM_CLIPS = 230, 45


@pytest.fixture
def arrays():
    """Samples that contain their index, with classes in random order."""
    rng = np.random.default_rng(1)
    image_labels = np.r_[np.arange(10), rng.integers(10, size=NUM_IMAGES - 10)]
    audio_labels = rng.permutation(np.r_[np.arange(10), rng.integers(10, size=NUM_CLIPS - 10)])
    images = np.broadcast_to(np.arange(NUM_IMAGES, dtype=np.uint8)[:, None, None], (230, 3, 2))
    audio = np.arange(NUM_CLIPS, dtype=np.float32)[:, None, None] / 64
    audio = np.broadcast_to(audio, (45, 4, 2))
    return images, image_labels, audio, audio_labels


@pytest.fixture
def pairs(arrays):
    return ClassPairs("small", *arrays)


def _numbers(dataset):
    """Indices of images and recordings, and labels, of all batches."""
    return [
        (
            np.round(255 * batch["image"][:, 0, 0, 0].numpy()).astype(int),
            (64 * batch["audio"][:, 0, 0, 0].numpy()).astype(int),
            batch["label"].numpy(),
        )
        for batch in dataset
    ]


def _same(left, right):
    return len(left) == len(right) and all(
        np.array_equal(a, b)
        for x, y in zip(left, right, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def test_form_of_a_batch(pairs):
    batch = next(iter(pairs.draws(20, None, 0, 0)))
    assert {name: (tuple(v.shape), v.dtype.name) for name, v in batch.items()} == {
        "image": ((20, 3, 2, 1), "float32"),
        "audio": ((20, 4, 2, 1), "float32"),
        "text": ((20, 10), "float32"),
        "label": ((20,), "int32"),
    }
    np.testing.assert_array_equal(batch["text"], np.eye(10)[batch["label"]])
    assert pairs.shapes == {"image": (3, 2, 1), "audio": (4, 2, 1), "text": (10,)}


@pytest.mark.parametrize("kind", ["draws", "each"])
def test_modalities_share_their_class(pairs, arrays, kind):
    dataset = pairs.draws(20, 10, 0, 0) if kind == "draws" else pairs.each(20, 0)
    for images, clips, labels in _numbers(dataset):
        np.testing.assert_array_equal(arrays[1][images], labels)
        np.testing.assert_array_equal(arrays[3][clips], labels)


@pytest.mark.parametrize("batch_size", [1, 7, 10, 25])
def test_classes_take_turns(pairs, batch_size):
    labels = np.concatenate([b[2] for b in _numbers(pairs.draws(batch_size, 20, 0, 0))])
    counts = np.bincount(labels, minlength=10)
    assert counts.max() - counts.min() <= 1
    if batch_size == 10:
        np.testing.assert_array_equal(np.sort(labels.reshape(20, 10)), [np.arange(10)] * 20)
        assert len(np.unique(labels.reshape(20, 10), axis=0)) > 15


def test_draws_within_a_class_are_uniform(pairs, arrays):
    images, clips, labels = map(
        np.concatenate, zip(*_numbers(pairs.draws(1000, 40, 0, 0)), strict=True)
    )
    for drawn, classes in ((images, arrays[1]), (clips, arrays[3])):
        for digit in range(10):
            counts = np.bincount(drawn[labels == digit], minlength=len(classes))
            assert chisquare(counts[classes == digit]).pvalue > 1e-4


def test_draws_depend_on_seed_and_step_alone(pairs):
    first = _numbers(pairs.draws(30, 6, 5, 0))
    assert _same(first, _numbers(pairs.draws(30, 6, 5, 0)))
    assert _same(first[4:], _numbers(pairs.draws(30, 2, 5, 4)))
    assert not _same(first, _numbers(pairs.draws(30, 6, 6, 0)))
    assert not _same(first[:1], first[1:2])


def test_epochs_go_on_counting(pairs):
    dataset = pairs.draws(30, 3, 0, 0)
    two_epochs = _numbers(dataset) + _numbers(dataset)
    assert _same(two_epochs, _numbers(pairs.draws(30, 6, 0, 0)))


def test_one_pass_is_as_long_as_the_images(pairs):
    assert len(pairs) == NUM_IMAGES
    assert len(pairs.draws(100, None, 0, 0)) == 2
    assert len(pairs.draws(1000, None, 0, 0)) == 1
    assert len(_numbers(pairs.draws(100, None, 0, 0))) == 2


def test_each_image_comes_once_in_a_fixed_random_order(pairs):
    batches = _numbers(pairs.each(100, 0))
    assert [len(b[0]) for b in batches] == [100, 100, 30]
    numbers = np.concatenate([b[0] for b in batches]).astype(int)
    assert numbers.tolist() != list(range(NUM_IMAGES))
    np.testing.assert_array_equal(np.sort(numbers), np.arange(NUM_IMAGES))
    assert _same(batches, _numbers(pairs.each(100, 0)))
    other = _numbers(pairs.each(100, 1))
    assert not _same(batches, other)
    np.testing.assert_array_equal(batches[0][0], other[0][0])


def test_images_in_random_order_keep_it(arrays):
    images, image_labels, audio, audio_labels = arrays
    pairs = ClassPairs("small", images, image_labels, audio, audio_labels, mixed=True)
    batches = _numbers(pairs.each(100, 0))
    np.testing.assert_array_equal(np.concatenate([b[0] for b in batches]), np.arange(NUM_IMAGES))


def test_integers_are_scaled(arrays):
    images = np.full((NUM_IMAGES, 3, 2), 255, np.uint8)
    batch = next(iter(ClassPairs("small", images, *arrays[1:]).each(10, 0)))
    np.testing.assert_array_equal(batch["image"], tf.ones([10, 3, 2, 1]))


def test_an_empty_class_is_named(arrays):
    images, image_labels, audio, audio_labels = arrays
    kept = audio_labels != 3
    message = r"The small spectrograms must hold each class .* Received: counts \[(\d+, ){3}0,"
    with pytest.raises(ValueError, match=message):
        ClassPairs("small", images, image_labels, audio[kept], audio_labels[kept])
    with pytest.raises(
        ValueError, match="The small images must hold each class 0 to 9 and no other"
    ):
        ClassPairs("small", images, image_labels + 1, audio, audio_labels)


def test_nan_is_refused(arrays):
    images, image_labels, audio, audio_labels = arrays
    audio = audio.copy()
    audio[7, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"The small spectrograms must be finite. Received: NaN"):
        ClassPairs("small", images, image_labels, audio, audio_labels)


def test_samples_must_be_in_range_and_have_one_label_each(arrays):
    images, image_labels, audio, audio_labels = arrays
    with pytest.raises(ValueError, match=r"images must be .* from 0 to 300"):
        ClassPairs("small", np.full((230, 3, 2), 300) * (images > 0), *arrays[1:])
    with pytest.raises(ValueError, match=r"spectrograms must be .* in \[0, 1\].* from 0 to 44"):
        ClassPairs("small", images, image_labels, 64 * audio, audio_labels)
    with pytest.raises(ValueError, match=r"images must have one label each, \[230\].* \(220,\)"):
        ClassPairs("small", images, image_labels[:-10], audio, audio_labels)
    with pytest.raises(ValueError, match=r"spectrograms must have one speaker each, \[45\]"):
        further = {"speaker": np.zeros((45, 2), int)}
        ClassPairs("small", images, image_labels, audio, audio_labels, of_audio=further)


@pytest.mark.parametrize(("batch_size", "steps"), [(0, None), (-1, 5), (10, 0)])
def test_sizes_must_be_positive(pairs, batch_size, steps):
    with pytest.raises(ValueError, match=r"`(batch_size|steps)` must be at least 1. Received: "):
        pairs.draws(batch_size, steps, 0, 0)


@pytest.mark.parametrize(("wrong", "seen"), [(10**12, "1000000000000"), (-1, "9"), (0.5, "9")])
def test_labels_that_are_no_classes_are_refused(arrays, wrong, seen):
    images, image_labels, audio, audio_labels = arrays
    image_labels = np.where(np.arange(NUM_IMAGES) == 50, wrong, image_labels)
    with pytest.raises(ValueError, match=rf"each class 0 to 9 and no other. .* to {seen}"):
        ClassPairs("small", images, image_labels, audio, audio_labels)
