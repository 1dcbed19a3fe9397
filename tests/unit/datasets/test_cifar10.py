# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="assignment, attr-defined"
from __future__ import annotations

import hashlib
import io
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sionna_semcom.datasets import CIFAR10
from sionna_semcom.datasets.cifar10 import CLASSES

TRAIN = "cifar-10-batches-py/data_batch_3"
ROWS, COLUMNS = np.mgrid[:32, :32]


def jpeg(level, size=(32, 32), mode="RGB", kind="JPEG"):
    """A gray image; JPEG keeps it to one of 255 levels."""
    buffer = io.BytesIO()
    image = np.full((*size, 3), level, np.uint8)
    Image.fromarray(image).convert(mode).save(buffer, kind, quality=100)
    return buffer.getvalue()


def write_zip(root, left_out=(), **others):
    """20 training and 2 test images a class, as bright as their number; last are written first."""
    path = Path(root) / "cifar10" / "cifar10-images.zip"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "Not an image")
        for split, count in (("test", 2), ("train", 20)):
            for number, kind in reversed(list(enumerate(CLASSES))):
                for n in reversed(range(count)):
                    name = f"{split}/{kind}/{n:04d}.jpg"
                    if not any(part in name for part in left_out):
                        archive.writestr(name, others.get(kind) or jpeg(20 * number + n))
    return path


def write_batches(root, changes=None):
    """200 training and 50 test images: row, column and number of the image are its colors."""
    folder = Path(root) / "cifar-10-batches-py"
    folder.mkdir(exist_ok=True)
    files = [f"data_batch_{n}" for n in range(1, 6)]
    for first, name in [*((40 * n, file) for n, file in enumerate(files)), (200, "test_batch")]:
        numbers = first + np.arange(40 if first < 200 else 50)
        data = np.zeros((len(numbers), 3, 32, 32), np.uint8)
        data[:, 0], data[:, 1], data[:, 2] = ROWS, COLUMNS, numbers[:, None, None]
        content = {b"data": data.reshape(len(data), -1), b"labels": [int(n % 10) for n in numbers]}
        if name == "data_batch_3":
            content |= changes or {}
        (folder / name).write_bytes(pickle.dumps({b"batch_label": b"", **content}, 2))
    return folder


def numbers(images):
    return np.round(255 * np.asarray(images)[:, 16, 16, 2]).astype(int)


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    root = tmp_path_factory.mktemp("batches")
    write_batches(root)
    return CIFAR10(root)


def test_python_batches(batches):
    assert batches.description == "CIFAR-10 (train 170, validation 30, test 50)"
    assert batches.shapes == {"image": (32, 32, 3)}
    images, labels = batches.images("test")
    assert (images.dtype, images.shape) == (np.float32, (50, 32, 32, 3))
    np.testing.assert_array_equal(np.round(255 * images[7, ..., 0]), ROWS)
    np.testing.assert_array_equal(np.round(255 * images[7, ..., 1]), COLUMNS)
    np.testing.assert_array_equal(labels, np.arange(50) % 10)


def test_the_last_images_of_each_class_are_held_out(batches):
    """Numbers 0 to 199 take turns with the classes: 15 % of 20 in each are the last 30."""
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


def test_batches_are_of_the_images_themselves(batches):
    for split in ("validation", "test"):
        images, labels = batches.images(split)
        found = list(getattr(batches, split)(batch_size=20))
        np.testing.assert_array_equal(np.concatenate([b["image"] for b in found]), images)
        np.testing.assert_array_equal(np.concatenate([b["label"] for b in found]), labels)
        assert found[0]["label"].dtype == "int32"


def test_training_takes_every_image_once_before_any_is_repeated(batches):
    """25 batches of 17: two passes and a half of 170 images."""
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"left_out": ["train/frog"]}, r"ten classes. Received: \[20, .*20, 0, 20, 20, 20\]"),
        ({"left_out": ["test/"]}, r"ten classes. Received: \[0, "),
        ({"deer": jpeg(1, (32, 31))}, r"images of shape \(32, 32, 3\)"),
        ({"deer": jpeg(1, mode="L")}, r"images of shape \(32, 32, 3\)"),
        ({"deer": jpeg(1)[:-200]}, "is damaged: .*(?i:truncated)"),
        ({"deer": jpeg(1, kind="PNG")}, "is damaged: cannot identify"),
        ({"deer": b"text"}, "is damaged: cannot identify"),
    ],
)
def test_wrong_images_are_refused(tmp_path, options, message):
    write_zip(tmp_path, **options)
    with pytest.raises(ValueError, match=rf"cifar10-images.zip` .*{message}"):
        CIFAR10(tmp_path)


def test_a_damaged_zip_is_refused(tmp_path):
    path = write_zip(tmp_path)
    whole = path.read_bytes()
    image = whole.index(b"train/bird/0003.jpg")
    for damaged in (
        whole[:2000],
        b"",
        whole[: image + 40] + bytes(100) + whole[image + 140 :],
        whole[: image + 40] + b"\xff" * 100 + whole[image + 140 :],  # no deflated data
    ):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"cifar10-images.zip` is damaged"):
            CIFAR10(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({b"data": [3]}, r"data_batch_3` is no batch of CIFAR-10: AttributeError"),
        ({b"data": 3}, "data_batch_3` is no batch of CIFAR-10"),
        ({b"data": np.zeros((40, 3071), np.uint8)}, "data_batch_3` is no batch of CIFAR-10"),
        ({b"data": np.zeros((40, 3072))}, r"data_batch_3` must hold .* of bytes.*float64"),
        ({b"data": np.zeros((39, 3072), np.uint8)}, r"data_batch_3` must hold .*\(40,\) and \(39"),
        ({b"labels": [10] * 40}, r"batches-py` must hold images of ten classes"),
        ({b"labels": [-1] * 40}, r"data_batch_3` must hold as many labels 0, 1"),
        ({b"labels": [0.5] * 40}, r"data_batch_3` must hold as many labels 0, 1"),
        ({b"labels": 7}, r"data_batch_3` must hold as many labels .*\(\)"),
    ],
)
def test_wrong_batches_are_refused(tmp_path, changes, message):
    write_batches(tmp_path, changes)
    with pytest.raises(ValueError, match=message):
        CIFAR10(tmp_path)


def test_a_damaged_batch_is_named(tmp_path):
    write_batches(tmp_path)
    path = tmp_path / TRAIN
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"data_batch_3` must be a pickle of arrays"):
        CIFAR10(tmp_path)
    for content in ([1, 2], {b"labels": [0]}):
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(ValueError, match=r"data_batch_3` is no batch of CIFAR-10"):
            CIFAR10(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_3"):
        CIFAR10(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cifar10-images.zip nor in .*batches-py"):
        CIFAR10(tmp_path)


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


def test_images_of_any_suffix_are_read(tmp_path):
    """The same images as JPEG and PNG under names of both cases, in the order of the names."""
    write_zip(tmp_path, left_out=["train/cat", "train/dog"])
    suffixes = (".jpg", ".JPG", ".jpeg", ".JPEG", ".png", ".PNG")
    with zipfile.ZipFile(tmp_path / "cifar10" / "cifar10-images.zip", "a") as archive:
        for kind in ("cat", "dog"):
            for n in range(60):
                suffix = suffixes[n % 6]
                format_ = "PNG" if suffix.lower() == ".png" else "JPEG"
                name = f"train/{kind}/{n:04d}{suffix}"
                archive.writestr(name, jpeg(20 * CLASSES.index(kind) + n, kind=format_))
    images, labels = CIFAR10(tmp_path).images("train")
    levels = 255 * images[labels == CLASSES.index("cat")][:, 5, 5, 0]
    np.testing.assert_allclose(levels, 60 + np.arange(51), atol=1.01)
    assert np.bincount(labels).tolist() == [17, 17, 17, 51, 17, 51, 17, 17, 17, 17]


def test_images_of_other_formats_are_told(tmp_path):
    path = write_zip(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("train/cat/0100.webp", b"")
        archive.writestr("train/cat/0100.BMP", b"")
        archive.writestr("elsewhere/cat/0100.BMP", b"")
    with pytest.warns(UserWarning, match=r"files that are not read: 1 .\w+, 1 .\w+$"):
        assert len(CIFAR10(tmp_path).images("train")[1]) == 170


SHAPES: dict[str, Callable] = {
    "rows of channels": lambda data: data,
    "channels first": lambda data: data.reshape(-1, 3, 32, 32),
    "channels last": lambda data: data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1),
    "by column": np.asfortranarray,
}


@pytest.mark.parametrize("form", SHAPES)
def test_python_batches_of_every_clear_shape(tmp_path, batches, form):
    folder = write_batches(tmp_path)
    for path in folder.iterdir():
        content = pickle.loads(path.read_bytes())
        content[b"data"] = SHAPES[form](content[b"data"])
        path.write_bytes(pickle.dumps(content, 2))
    for split in ("train", "validation", "test"):
        for found, expected in zip(
            CIFAR10(tmp_path).images(split), batches.images(split), strict=True
        ):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.T,
        lambda data: data.ravel(),
        lambda data: data.reshape(-1, 32, 3, 32),
        lambda data: data.reshape(-1, 32, 96),
        lambda data: data.reshape(-1, 3, 1024),
        lambda data: data.reshape(-1, 3, 32, 32).transpose(2, 3, 1, 0),
        lambda data: data[:, :1024],
    ],
)
def test_shapes_that_could_be_scrambled_are_refused(tmp_path, change):
    data = pickle.loads((write_batches(tmp_path) / "data_batch_3").read_bytes())[b"data"]
    write_batches(tmp_path, {b"data": change(data)})
    with pytest.raises(ValueError, match=r"data_batch_3` is no batch .*\[n, 3072\], .*Received: "):
        CIFAR10(tmp_path)


def test_labels_that_are_no_classes_take_no_memory(tmp_path):
    write_batches(tmp_path, {b"labels": [10**12] * 40})
    with pytest.raises(ValueError, match=r"ten classes. Received: label 1000000000000"):
        CIFAR10(tmp_path)


def large(kind, size=(6000, 6000)):
    buffer = io.BytesIO()
    Image.new("RGB", size).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        ("jpg", large("JPEG"), r"images of shape \(32, 32, 3\). Received: \(6000, 6000, 3\)"),
        ("png", large("PNG"), r"images of shape \(32, 32, 3\). Received: \(6000, 6000, 3\)"),
        (
            "png",
            large("PNG", (20_000, 10_000)),
            r"\(10000, 20000, 3\)|decompression bomb",
        ),
        ("jpg", bytes(2**21), "must be a file of at most 1048576 bytes, .*Received: 2097152"),
    ],
    ids=["jpeg", "png", "bomb", "zeros"],
)
def test_large_members_are_not_unpacked(tmp_path, suffix, content, message):
    """One by one, and before their pixels are decoded."""
    with zipfile.ZipFile(write_zip(tmp_path, left_out=["train/airplane"]), "a") as archive:
        archive.writestr(f"train/airplane/0000.{suffix}", content)
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"images.zip` is damaged: .*{message}"):
        CIFAR10(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 2e7
    tracemalloc.stop()


def test_sizes_that_are_lies_are_refused(tmp_path):
    """A member of 2 MB that says that it has 1,000 bytes, and one that says 3 GB."""
    path = write_zip(tmp_path, airplane=bytes(2**21))
    whole = path.read_bytes()
    for size, message in ((1000, "is damaged"), (3 * 10**9, "at most 1048576 bytes")):
        lie = whole.replace(struct.pack("<I", 2**21), struct.pack("<I", size))
        path.write_bytes(lie)
        with pytest.raises(ValueError, match=message):
            CIFAR10(tmp_path)


def test_members_are_bounded_together(tmp_path, monkeypatch):
    write_zip(tmp_path, airplane=jpeg(3) + bytes(10**5))
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "1000000")
    with pytest.raises(ValueError, match=r"its images takes more memory .* limit of 1000000"):
        CIFAR10(tmp_path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_packings_are_refused(tmp_path, packing):
    path = write_zip(tmp_path, left_out=["train/airplane"])
    with zipfile.ZipFile(path, "a", packing) as archive:
        archive.writestr("train/airplane/0000.jpg", jpeg(1))
    with pytest.raises(ValueError, match=r"stored or deflated. Received: "):
        CIFAR10(tmp_path)
