# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from sklearn.feature_selection import mutual_info_classif

from sionna_semcom.datasets.digits.slant import slant, slant_quartiles


def _line(shift, size=61, width=2.0):
    """Line through the middle that moves to the right by ``shift`` pixels per row upwards."""
    y, x = np.mgrid[:size, :size] - size // 2
    inside = np.abs(y) <= 12
    return np.where(inside, np.exp(-(((x + shift * y) / width) ** 2)), 0.0)


@pytest.mark.parametrize("shift", [-0.5, 0.0, 0.3, 1.0])
def test_the_slant_of_a_line_is_its_shift_per_row(shift):
    image = _line(shift)
    assert slant(image[None])[0] == pytest.approx(shift, abs=1e-6)
    moved = np.roll(image, (3, -4), (0, 1))[None]
    assert slant(moved)[0] == pytest.approx(shift, abs=1e-6)
    assert slant(7.0 * image[None])[0] == pytest.approx(shift, abs=1e-6)
    assert slant(np.repeat(np.repeat(image, 2, 0), 2, 1)[None])[0] == pytest.approx(shift, rel=0.01)


def test_integers_and_empty_images():
    images = np.stack([np.uint8(255 * _line(0.5)), np.zeros((61, 61), np.uint8)])
    np.testing.assert_allclose(slant(images), [0.5, 0.0], atol=0.01)


def test_quartiles_are_uniform_and_independent_of_the_class():
    draw = np.random.default_rng(0)
    classes = draw.integers(0, 3, 600)
    images = np.stack([_line(0.3 * one + 0.2 * draw.normal()) for one in classes])
    splits = {"train": (images, classes), "test": (images[:60], classes[:60])}
    found = slant_quartiles(splits)
    for one in range(3):
        counts = np.bincount(found["train"][classes == one], minlength=4)
        assert counts.max() - counts.min() <= 2
    assert mutual_info_classif(found["train"][:, None], classes, discrete_features=True) < 1e-3
    np.testing.assert_array_equal(found["test"], found["train"][:60])


def test_a_class_without_training_images_is_named():
    images = np.ones((4, 5, 5))
    with pytest.raises(ValueError, match=r"Received: none of \[7\] in test"):
        slant_quartiles({"train": (images, np.zeros(4)), "test": (images, np.full(4, 7))})
