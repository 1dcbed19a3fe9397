# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="call-arg"
"""Images of shapes: seeds, sizes, and features that distinguish all classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sionna_semcom.datasets import COLORS, SHAPES, TEXTURES, draw

SHAPE, TEXTURE, COLOR = (list(names) for names in (SHAPES, TEXTURES, COLORS))
RGB = np.round(255 * np.array(list(COLORS.values())))
TENS = np.arange(600) % 10


def make(shapes="disc", textures="solid", colors="red", size=32, seed=0, count=1):
    """Images of classes by index, or of one class by name."""
    named = zip((SHAPE, TEXTURE, COLOR), (shapes, textures, colors), strict=True)
    classes = [np.full(count, n.index(c)) if isinstance(c, str) else c for n, c in named]
    count = max(len(c) for c in classes)
    classes = [np.broadcast_to(c[:1], count) if len(c) < count else c for c in classes]
    return draw(*classes, size, np.random.default_rng(seed))


def ink(pictures):
    """Fraction of each pixel that the shape covers, from solid red images."""
    return pictures[..., 0] / RGB[COLOR.index("red"), 0]


def invariant(picture):
    """Features of a silhouette that are invariant to similarity transforms and reflection."""
    y, x = np.mgrid[: len(picture), : len(picture)]
    weight = picture / picture.sum()
    center = [(weight * axis).sum() for axis in (x, y)]
    radius = np.sqrt((weight * ((x - center[0]) ** 2 + (y - center[1]) ** 2)).sum())
    angle = np.arange(32) * 2 * np.pi / 32
    reach = np.linspace(0.2, 1.9, 8)[:, None] * radius
    points = [c + reach * f(angle) for c, f in zip(center, (np.cos, np.sin), strict=True)]
    column, row = (np.clip(np.round(p), 0, len(picture) - 1).astype(int) for p in points)
    return np.abs(np.fft.rfft(picture[row, column], axis=-1))[:, :9].ravel()


def spectral(picture):
    """Features of a red texture in a disc that are invariant to rotation and translation."""
    inside = picture[..., 0] > 200
    paint = 1 - picture[..., 1] / np.maximum(picture[..., 0], 1.0)
    histogram = np.histogram(paint[inside], bins=5, range=(0, 0.9), density=True)[0]
    spectrum = np.abs(np.fft.fft2((paint - paint[inside].mean()) * inside))
    place = np.fft.fftfreq(len(picture)) * len(picture)
    frequency = np.hypot(*np.meshgrid(place, place))
    rings = [spectrum[(frequency >= n) & (frequency < n + 1)] for n in range(12)]
    bands = [spectrum[(frequency >= n) & (frequency < n + 3)] for n in range(1, 10, 2)]
    means = [np.log(1e-3 + ring.mean()) for ring in rings]
    peaks = [np.log(1e-3 + band.max() / (1e-3 + band.mean())) for band in bands]
    return np.concatenate([histogram, means, peaks])


def recognized(pictures, features):
    """Accuracy on the last 200 images of a linear classifier of the first 400 images."""
    values = np.array([features(picture) for picture in pictures])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    decided = model.fit(values[:400], TENS[:400]).predict(values[400:])
    return np.array([np.mean(decided[TENS[400:] == n] == n) for n in range(10)])


def test_there_are_ten_of_each():
    assert len(SHAPES) == len(TEXTURES) == len(COLORS) == 10


def test_the_seed_decides_the_pictures():
    one, again, other = (make(TENS[:30], TENS[:30], TENS[:30], seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any((1, 2, 3)).all()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 33, 64])
def test_any_size_is_drawn(size):
    pictures = make(TENS[:40], TENS[:40] // 4, TENS[:40], size)
    assert pictures.shape == (40, size, size, 3)
    assert pictures.dtype == np.uint8
    assert (pictures.max((1, 2, 3)) > 60).all()  # nothing is lost
    if size > 6:
        assert pictures.min() == 0


def test_no_pictures_are_drawn_as_none():
    none = np.zeros(0, int)
    assert draw(none, none, none, 8, np.random.default_rng(0)).shape == (0, 8, 8, 3)


def test_another_size_is_the_same_picture():
    fine, coarse = (make(TENS[:50], TENS[:50], TENS[:50], size).astype(float) for size in (64, 16))
    mean = fine.reshape(50, 16, 4, 16, 4, 3).mean((2, 4))
    assert np.abs(mean - coarse).mean((1, 2, 3)).max() < 8
    others = np.roll(coarse, 10, axis=0)  # of the same classes
    assert np.abs(mean - others).mean() > 30


@pytest.mark.parametrize("name", SHAPE)
def test_pictures_hold_the_whole_of_a_shape_but_for_corners(name):
    """The largest shapes lose only a small part of a corner at the edge."""
    covered = ink(make(name, count=200))
    assert covered[:, [0, 0, -1, -1], [0, -1, 0, -1]].max() == 0
    edge = np.concatenate([covered[:, [0, -1]], covered[:, :, [0, -1]].swapaxes(1, 2)], 1)
    assert edge.mean() < 0.04
    assert (edge.sum((1, 2)) < 0.05 * covered.sum((1, 2))).all()
    shares = covered.mean((1, 2))
    assert shares.min() > 0.15 and shares.max() < 0.65


def test_discs_stay_within_the_picture_and_are_where_and_as_large_as_is_drawn():
    covered = ink(make("disc", count=400, size=64))
    assert covered[:, [0, -1]].max() == covered[:, :, [0, -1]].max() == 0
    radius = np.sqrt(covered.mean((1, 2)) * 4 / np.pi) / 0.85
    assert 0.74 < radius.min() < 0.76 and 0.91 < radius.max() < 0.93
    axis = (np.arange(64) + 0.5) / 32 - 1
    for side in (1, 2):
        middle = (covered.sum(side) * axis).sum(1) / covered.sum((1, 2))
        assert -0.105 < middle.min() < -0.09 and 0.09 < middle.max() < 0.105


def test_every_shape_is_told_from_the_others_however_it_is_turned():
    assert recognized(ink(make(TENS)), invariant).min() > 0.9


def test_every_texture_is_told_from_the_others_however_it_is_turned():
    assert recognized(make("disc", TENS, size=48), spectral).min() > 0.9


def test_textures_are_of_the_color_and_white():
    for number, name in enumerate(TEXTURE):
        pictures = make("disc", np.full(50, number), "blue", size=64)
        whole = pictures[..., 2] >= RGB[COLOR.index("blue"), 2]  # no edge of the shape
        paint = 1 - (pictures[..., 0][whole] / 255.0 - 0.15) / 0.85
        assert paint.max() > (0.75 if name == "shade" else 0.99)
        if name == "solid":
            assert paint.min() > 0.99
        else:
            assert paint.min() < (0.25 if name == "shade" else 0.01)
            assert 0.25 < paint.mean() < 0.75


@pytest.mark.parametrize("name", COLOR)
def test_solid_pictures_are_of_their_color(name):
    pictures = make("cross", "solid", name, count=20)
    color = RGB[COLOR.index(name)]
    np.testing.assert_array_equal(np.median(pictures[:, 14:18, 14:18], axis=(0, 1, 2)), color)
    share = pictures @ color / (color @ color)
    np.testing.assert_allclose(pictures, share[..., None] * color, atol=1.5)  # darker at edges
    others = np.delete(RGB, COLOR.index(name), axis=0)
    assert np.linalg.norm(others - color, axis=-1).min() > 80


@pytest.mark.parametrize("name", ["square", "bar", "tee"])
def test_a_shape_is_turned_by_any_angle(name):
    """Without rotation, all edges would be parallel to the sides."""
    covered = ink(make(name, count=200, size=48))
    down, along = np.gradient(covered, axis=(1, 2))
    angle = np.arctan2(down, along) % (np.pi / 2)
    strength = np.hypot(down, along)
    turned = np.angle((strength * np.exp(4j * angle)).sum((1, 2)))
    counts = np.histogram(turned, bins=4, range=(-np.pi, np.pi))[0]
    assert counts.min() > 30


def test_a_texture_is_turned_on_its_own():
    """The colored half is not a fixed side of the triangle."""
    pictures = make("triangle", "halves", "blue", count=200, size=48)
    covered = pictures[..., 2] / 255.0
    white = pictures[..., 0] / 255.0 - 0.15 * covered
    row, column = np.mgrid[:48, :48]
    place = column + 1j * row
    middle = (covered * place).sum((1, 2)) / covered.sum((1, 2))
    place = place - middle[:, None, None]
    corner = np.angle((covered * place**3).sum((1, 2)))  # three times the triangle's angle
    side = np.angle((white * place).sum((1, 2)))
    assert abs(np.exp(1j * (3 * side - corner)).mean()) < 0.25
    assert abs(np.exp(1j * side).mean()) < 0.25
    assert abs(np.exp(1j * corner).mean()) < 0.25
