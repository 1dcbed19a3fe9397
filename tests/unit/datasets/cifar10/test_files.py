# SPDX-License-Identifier: Apache-2.0
"""Formats, damage and size limits of CIFAR-10 files."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from sionna_semcom.datasets import CIFAR10
from sionna_semcom.datasets.cifar10.files import CLASSES

from .cifar10_images import batches as batches
from .cifar10_images import jpeg, write_batches, write_zip

TRAIN = "cifar-10-batches-py/data_batch_3"


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
    (path.parent / "test_batch").unlink()
    with pytest.raises(FileNotFoundError, match="data_batch_3, cifar-10-batches-py/test_batch"):
        CIFAR10(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cifar10-images.zip nor in .*batches-py"):
        CIFAR10(tmp_path)


def test_images_of_any_suffix_are_read(tmp_path):
    """The same images as JPEG and PNG, with suffixes in both cases, in the order of their names."""
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
    """Members are checked one by one, before their pixels are decoded."""
    with zipfile.ZipFile(write_zip(tmp_path, left_out=["train/airplane"]), "a") as archive:
        archive.writestr(f"train/airplane/0000.{suffix}", content)
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"images.zip` is damaged: .*{message}"):
        CIFAR10(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 2e7
    tracemalloc.stop()


def test_sizes_that_are_lies_are_refused(tmp_path):
    """A member of 2 MB that declares 1,000 bytes, and a member that declares 3 GB."""
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
