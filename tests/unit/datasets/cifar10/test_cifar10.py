# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="assignment, attr-defined"
"""Batches and splits of CIFAR-10."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from sionna_semcom.datasets import CIFAR10
from sionna_semcom.datasets.batches import fixed_order

from .cifar10_images import COLUMNS, ROWS, write_batches, write_zip
from .cifar10_images import batches as batches


def numbers(images):
    return np.round(255 * np.asarray(images)[:, 16, 16, 2]).astype(int)


def test_python_batches(batches):
    assert batches.description == "CIFAR-10 (train 170, validation 30, test 50)"
    assert batches.shapes == {"image": (32, 32, 3)}
    images, labels = batches.images("test")
    assert (images.dtype, images.shape) == (np.float32, (50, 32, 32, 3))
    np.testing.assert_array_equal(np.round(255 * images[7, ..., 0]), ROWS)
    np.testing.assert_array_equal(np.round(255 * images[7, ..., 1]), COLUMNS)
    np.testing.assert_array_equal(labels, np.arange(50) % 10)


def test_the_last_images_of_each_class_are_held_out(batches):
    """Images 0 to 199 alternate between the classes: 15 % of 20 per class are the last 30."""
    for name, expected in (
        ("train", range(170)),
        ("validation", range(170, 200)),
        ("test", range(200, 250)),
    ):
        images, labels = batches.images(name)
        assert numbers(images).tolist() == list(expected)
        assert set(np.bincount(labels)) == {len(labels) // 10}


def test_jpeg_files(tmp_path):
    path = write_zip(tmp_path)
    write_batches(tmp_path)  # which come second
    data = CIFAR10(tmp_path)
    assert data.description == "CIFAR-10 (train 170, validation 30, test 20)"
    assert data.checksums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    images, labels = data.images("train")
    np.testing.assert_array_equal(labels, np.repeat(np.arange(10), 17))
    level = 20 * labels.astype(int) + np.tile(np.arange(17), 10)
    np.testing.assert_allclose(255 * images, np.broadcast_to(level, images.T.shape).T, atol=1.01)


def test_the_first_images_of_folders_in_order_of_the_classes_are_of_many_classes(tmp_path):
    write_zip(tmp_path)
    data = CIFAR10(tmp_path)
    for split, size in (("validation", 20), ("test", 12)):
        assert (np.diff(data.images(split)[1].astype(int)) >= 0).all()
        assert len(set(next(iter(getattr(data, split)(size)))["label"].numpy())) > 4


def test_batches_are_of_the_images_themselves(batches):
    for split in ("validation", "test"):
        images, labels = batches.images(split)
        found = list(getattr(batches, split)(batch_size=20))
        order = fixed_order(split, len(labels))
        np.testing.assert_array_equal(np.concatenate([b["image"] for b in found]), images[order])
        np.testing.assert_array_equal(np.concatenate([b["label"] for b in found]), labels[order])
        assert found[0]["label"].dtype == "int32"


def test_training_takes_every_image_once_before_any_is_repeated(batches):
    """25 batches of 17 are two and a half passes over 170 images."""
    data = batches.train(17, 25, seed=3)
    assert data.cardinality() == 25
    drawn = np.concatenate([numbers(batch["image"]) for batch in data])
    labels = np.concatenate([batch["label"] for batch in data])
    np.testing.assert_array_equal(labels, drawn % 10)
    assert sorted(drawn[:170]) == sorted(drawn[170:340]) == list(range(170))
    assert len(set(drawn[340:])) == 85
    assert drawn[:170].tolist() != drawn[170:340].tolist()


@pytest.mark.parametrize(("batch_size", "steps"), [(100, 1), (50, 3), (170, 1), (400, 1)])
def test_without_steps_the_images_are_filled_once(batches, batch_size, steps):
    assert [len(b["label"]) for b in batches.train(batch_size)] == [batch_size] * steps


def test_training_depends_on_the_seed_alone(batches):
    def draw(seed):
        return [np.asarray(batch["image"]) for batch in batches.train(60, 4, seed)]

    first = draw(1)
    np.testing.assert_array_equal(first, draw(1))  # random numbers were drawn in between
    assert not np.array_equal(first, draw(2))


def test_training_images_are_shifted_by_four_pixels_at_most_and_half_are_mirrored(batches):
    shifts, mirrored = [], []
    for batch in batches.train(170, 6):
        for image in np.round(255 * batch["image"].numpy()).astype(int):
            mirror = image[16, 16, 1] > image[16, 17, 1]
            down, right = image[16, 16, 0] - 16, image[16, 15 if mirror else 16, 1] - 16
            padded = np.pad(np.stack([ROWS, COLUMNS], -1), ((4, 4), (4, 4), (0, 0)), "reflect")
            shifted = padded[4 + down :][:32, 4 + right :][:, :32]
            np.testing.assert_array_equal(image[..., :2], shifted[:, ::-1] if mirror else shifted)
            shifts.append((down, right))
            mirrored.append(mirror)
    shifts = np.array(shifts)
    assert {tuple(np.unique(column)) for column in shifts.T} == {tuple(range(-4, 5))}
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.1
    assert abs(np.mean(mirrored) - 0.5) < 0.06  # 4 sigma of 1,020


def test_checksums_tell_what_was_read(tmp_path, batches):
    folder = write_batches(tmp_path)
    assert CIFAR10(tmp_path).checksums == batches.checksums
    assert set(batches.checksums) == {p.name for p in folder.iterdir()}
    write_batches(tmp_path, {b"batch_label": b"other"})
    changed = CIFAR10(tmp_path).checksums
    assert [n for n in changed if changed[n] != batches.checksums[n]] == ["data_batch_3"]


def test_an_unknown_split_is_refused(batches):
    with pytest.raises(ValueError, match=r"`split` must be one of .*'validation'.*'dev'"):
        batches.images("dev")


@pytest.fixture(scope="module")
def published(data_root):
    return CIFAR10(data_root)


@pytest.mark.data
def test_cifar10_as_published(data_root, published):
    assert published.description == "CIFAR-10 (train 42500, validation 7500, test 10000)"
    path = data_root / "cifar10" / "cifar10-images.zip"
    assert published.checksums == {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
    means = []
    for split, size in (("train", 42500), ("validation", 7500), ("test", 10000)):
        images, labels = published._splits[split]
        assert (images.dtype, images.shape) == (np.uint8, (size, 32, 32, 3))
        assert set(np.bincount(labels)) == {size // 10}
        means.append(images.mean((0, 1, 2)) / 255)
    weighted = (42500 * means[0] + 7500 * means[1]) / 50000
    np.testing.assert_allclose(weighted, [0.4914, 0.4822, 0.4465], atol=2e-3)  # as is well known


@pytest.mark.data
def test_training_batches_of_cifar10(published):
    batch = next(iter(published.train(100, 2)))
    assert batch["image"].shape == (100, 32, 32, 3)
    assert 0.0 <= batch["image"].numpy().min() < batch["image"].numpy().max() <= 1.0
    assert 5 <= len(np.unique(batch["label"])) <= 10


@pytest.mark.parametrize("argument", ["batch_size", "steps"])
def test_train_refuses_no_batches(batches, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be at least 1"):
        batches.train(**{"batch_size": 4, "steps": 2, argument: 0})
