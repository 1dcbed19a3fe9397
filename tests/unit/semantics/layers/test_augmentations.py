# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
"""Effect of each augmentation on images with known position and orientation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.semantics import RandomAffine, default_augmentation
from sionna_semcom.semantics.layers.augmentations import DropSettings

STILL = {"angle": 0.0, "zoom": 0.0, "shift": 0.0, "mirror": False}
SIZES = [(24, 24), (20, 31), (33, 18)]


def _augment(images, seed=0, **settings):
    layer = RandomAffine(**{**STILL, **settings}, seed=seed)
    return layer(tf.constant(images, tf.float32), training=True).numpy()


def _places(height, width):
    """Coordinates of columns and rows relative to the center of the image."""
    return np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)


def _blobs(height, width, along, down, radius, count=200, place=(0.0, 0.0)):
    """Soft ellipses with axes ``along`` and ``down`` at a radius, and their number."""
    x, y = _places(height, width)
    blob = np.exp(-(((x - place[0]) / along) ** 2 + ((y - place[1]) / down) ** 2) / radius**2)
    return np.repeat(blob[None, ..., None], count, 0).astype(np.float32)


def _moments(images):
    """Center (along, down) and covariance (along, down, mixed) of each image."""
    x, y = _places(*images.shape[1:3])
    weight = images[..., 0] / images[..., 0].sum((1, 2), keepdims=True)
    middle = [(weight * axis).sum((1, 2)) for axis in (x, y)]
    x, y = (axis - m[:, None, None] for axis, m in zip((x, y), middle, strict=True))
    return *middle, *((weight * product).sum((1, 2)) for product in (x * x, y * y, x * y))


@pytest.mark.parametrize("size", SIZES)
def test_images_stay_as_they_are_without_training(size):
    images = tf.random.uniform([3, *size, 2])
    layer = RandomAffine()
    np.testing.assert_array_equal(layer(images), images)
    np.testing.assert_array_equal(layer(images, training=False), images)
    assert np.abs(layer(images, training=True) - images).max() > 0.1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_without_any_change_images_stay_as_they_are(size, channels):
    images = np.random.default_rng(0).random((4, *size, channels), np.float32)
    np.testing.assert_allclose(_augment(images), images, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_turning_leaves_a_centered_disc_as_it_is(size):
    x, y = _places(*size)
    disc = 1 / (1 + np.exp(np.hypot(x, y) - 6))  # with an edge that interpolation can follow
    discs = np.repeat(disc[None, ..., None], 50, 0)
    turned = _augment(discs, angle=180.0)
    np.testing.assert_allclose(turned, discs, atol=0.05)
    moved = _augment(discs, shift=0.2)
    assert np.abs(moved - discs).max() > 0.3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("most", [20.0, 80.0])
@pytest.mark.parametrize("mirror", [False, True])
def test_images_are_turned_by_at_most_the_angle(size, most, mirror):
    bars = _blobs(*size, 2.0, 1.0, 2.0)
    along, down, xx, yy, xy = _moments(_augment(bars, angle=most, mirror=mirror))
    angle = np.degrees(np.arctan2(2 * xy, xx - yy) / 2)
    assert np.abs(angle).max() < most + 1
    assert angle.min() < -0.9 * most and angle.max() > 0.9 * most
    assert abs(angle.mean()) < 0.15 * most
    np.testing.assert_allclose([along, down], 0, atol=0.1)
    sides = np.sqrt(((xx - yy) / 2) ** 2 + xy**2), (xx + yy) / 2
    _, _, xx, yy, _ = _moments(bars)
    np.testing.assert_allclose(sides[0], (xx - yy) / 2, rtol=0.15)  # neither sheared nor resized
    np.testing.assert_allclose(sides[1], (xx + yy) / 2, rtol=0.15)


@pytest.mark.parametrize("size", SIZES)
def test_images_are_shifted_by_at_most_the_share_of_their_side(size):
    dots = _blobs(*size, 1.0, 1.0, 1.5)
    along, down, xx, yy, _ = _moments(_augment(dots, shift=0.2))
    for shift, side in ((along, size[1]), (down, size[0])):
        assert np.abs(shift).max() < 0.2 * side + 0.05
        assert shift.min() < -0.18 * side and shift.max() > 0.18 * side
        assert len(np.unique(np.round(shift, 3))) > 150  # each its own
    assert abs(np.corrcoef(along, down)[0, 1]) < 0.25
    assert 1.12 < min(xx.min(), yy.min())  # 1.125 before interpolation
    assert max(xx.max(), yy.max()) < 1.4


@pytest.mark.parametrize("size", SIZES)
def test_images_are_resized_by_at_most_the_factor(size):
    dots = _blobs(*size, 1.0, 1.0, 3.0)
    along, down, xx, yy, xy = _moments(_augment(dots, zoom=0.3))
    factor = np.log((xx + yy) / np.add(*_moments(dots)[2:4])) / 2
    assert np.abs(factor).max() < 0.32
    assert factor.min() < -0.25 and factor.max() > 0.22
    np.testing.assert_allclose([along, down, xy], 0, atol=1e-2)
    np.testing.assert_allclose(xx, yy, rtol=0.1)


@pytest.mark.parametrize("size", SIZES)
def test_half_of_the_images_are_mirrored(size):
    images = np.random.default_rng(0).random((300, *size, 2), np.float32)
    found = _augment(images, mirror=True)
    same = np.abs(found - images).max((1, 2, 3)) < 1e-4
    turned = np.abs(found - images[:, :, ::-1]).max((1, 2, 3)) < 1e-4
    np.testing.assert_array_equal(turned, ~same)
    assert 110 < turned.sum() < 190


def test_nothing_comes_from_beyond_the_edge():
    shifted = _augment(np.ones((100, 16, 20, 1)), shift=0.3)
    x, y = (axis.astype(int) for axis in np.meshgrid(np.arange(20), np.arange(16)))
    inside = (x > 5) & (x < 14) & (y > 4) & (y < 11)
    np.testing.assert_allclose(shifted[:, inside], 1, atol=1e-5)
    assert (shifted == 0).any((1, 2, 3)).mean() > 0.9
    assert shifted.min() >= 0 and shifted.max() <= 1 + 1e-5


def test_channels_move_together():
    image = np.random.default_rng(0).random((10, 15, 12, 1), np.float32)
    found = RandomAffine(seed=1)(tf.constant(np.repeat(image, 3, -1)), training=True).numpy()
    np.testing.assert_allclose(found[..., 1:], found[..., :1] * np.ones(2), atol=1e-6)
    assert np.abs(found[..., :1] - image).max() > 0.1


def test_every_image_has_its_own_draw():
    image = np.random.default_rng(0).random((1, 16, 16, 1), np.float32)
    found = _augment(np.repeat(image, 20, 0), angle=180.0, zoom=0.2, shift=0.1, mirror=True)
    distances = np.abs(found[:, None] - found).max((2, 3, 4))
    assert distances[~np.eye(20, dtype=bool)].min() > 0.05


@pytest.mark.parametrize("settings", [{"angle": 90.0}, {"shift": 0.2}, {"zoom": 0.3}, {}])
def test_seeds_reproduce(settings):
    images = tf.random.uniform([8, 12, 14, 3])
    one, again, other = (RandomAffine(**settings, seed=seed) for seed in (1, 1, 2))
    first = one(images, training=True).numpy()
    np.testing.assert_array_equal(again(images, training=True), first)
    assert np.abs(other(images, training=True) - first).max() > 0.05
    second = one(images, training=True).numpy()
    assert np.abs(second - first).max() > 0.05  # another draw for the next batch
    np.testing.assert_array_equal(again(images, training=True), second)


def test_a_graph_draws_anew_for_batches_of_any_size():
    layer = RandomAffine(seed=3)
    run = tf.function(
        lambda x: layer(x, training=True), input_signature=[tf.TensorSpec([None, 10, 12, 1])]
    )
    eager = RandomAffine(seed=3)
    for batch in (4, 4, 7):
        images = tf.random.uniform([batch, 10, 12, 1])
        np.testing.assert_allclose(run(images), eager(images, training=True), atol=1e-4)


@pytest.mark.parametrize("name", ["angle", "zoom", "shift"])
def test_negative_settings_are_refused(name):
    message = rf"`angle`, `zoom` and `shift` must not be negative. Received: .*{-0.5}"
    with pytest.raises(ValueError, match=message):
        RandomAffine(**{**STILL, name: -0.5})


@pytest.mark.parametrize("shape", [(16, 12, 3), (200, 50), (5000,)])
def test_the_usual_augmentation_is_for_training_alone(shape):
    samples = tf.random.uniform([4, *shape])
    augment = default_augmentation(shape)
    for _ in range(2):
        np.testing.assert_array_equal(augment(samples, training=False), samples)
        first, second = (augment(samples, training=True).numpy() for _ in range(2))
        assert first.shape == samples.shape and first.dtype == np.float32
        assert np.abs(first - second).max() > 0.1
        assert np.isfinite(first).all()


def test_usual_images_are_moved_and_noisy():
    augment = default_augmentation((16, 12, 3))
    affine = [layer for layer in augment.layers if isinstance(layer, RandomAffine)]
    assert len(affine) == 1 and affine[0].mirror
    black = augment(tf.zeros([50, 16, 12, 3]), training=True).numpy()
    assert abs(black.std() - 0.05) < 0.005
    dots = _blobs(16, 12, 1.0, 1.0, 1.5)
    augmented = default_augmentation((16, 12, 1))(dots, training=True).numpy()
    peaks = augmented.reshape(len(dots), -1).argmax(-1)
    assert len(set(peaks)) > 4


def test_of_vectors_a_share_is_dropped_and_the_rest_is_noisy():
    ones = 10 * tf.ones([50, 400])
    found = default_augmentation((400,))(ones, training=True).numpy()
    kept = found > 5
    assert abs(kept.mean() - 0.8) < 0.02
    assert 0.5 < kept.mean(-1).min() and kept.mean(-1).max() < 0.95
    np.testing.assert_allclose(found[kept].mean(), 12.5, rtol=1e-2)  # as many on average
    np.testing.assert_allclose([found[kept].std(), found[~kept].std()], 0.2, rtol=0.05)


def test_of_sequences_whole_frames_are_dropped_as_well():
    ones = 10 * tf.ones([40, 50, 60])
    found = default_augmentation((50, 60))(ones, training=True).numpy()
    kept = found > 5
    frames = kept.any(-1)
    assert abs(frames.mean() - 0.8) < 0.03
    assert len({tuple(row) for row in frames}) == 40  # other frames for each sequence
    assert abs(kept[frames].mean() - 0.8) < 0.02
    np.testing.assert_allclose(found.mean(), 10, rtol=0.05)
    np.testing.assert_allclose([found[kept].std(), found[~frames].std()], 0.2, rtol=0.05)


@pytest.mark.parametrize("shape", [(), (2, 3, 4, 5)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"Samples must be images .*Received: \("):
        default_augmentation(shape)


def test_augmentations_have_no_weights():
    for shape in ((16, 12, 3), (5, 4), (7,)):
        augment = default_augmentation(shape)
        assert isinstance(augment, keras.Sequential)
        augment(tf.zeros([2, *shape]), training=True)
        assert augment.trainable_weights == []


def test_frames_are_dropped_whole():
    layer = DropSettings(rate=0.5, frames=True).build()
    dropped = layer(keras.ops.ones((4, 30, 5)), training=True).numpy()
    assert (dropped.std(-1) == 0).all() and 0.2 < (dropped == 0).mean() < 0.8
