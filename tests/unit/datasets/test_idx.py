# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip

import numpy as np
import pytest

from sionna_semcom.datasets import read_idx, read_mnist


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_what_was_written_is_read(tmp_path, idx_bytes, shape, suffix):
    values = np.random.default_rng(1).integers(256, size=shape)
    raw = idx_bytes(values)
    path = tmp_path / f"values{suffix}"
    path.write_bytes(gzip.compress(raw) if suffix else raw)
    got = read_idx(path)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, values)


@pytest.mark.parametrize(
    ("head", "seen"),
    [
        (b"\0\0\x0d\1", "00 00 0d 01"),
        (b"\1\0\x08\1", "01 00 08 01"),
        (b"\0\0\x08\0", "00 00 08 00"),
    ],
)
def test_wrong_magic_is_refused(tmp_path, idx_bytes, head, seen):
    path = tmp_path / "values"
    path.write_bytes(head + idx_bytes([1, 2, 3])[4:])
    with pytest.raises(ValueError, match=rf"values` must start with .* Received: {seen}"):
        read_idx(path)


@pytest.mark.parametrize("size", [0, 3, 4, 7, 8, 10, 12])
def test_every_wrong_length_is_refused(tmp_path, idx_bytes, size):
    path = tmp_path / "values"
    path.write_bytes((idx_bytes([1, 2, 3]) + b"\0")[:size])
    with pytest.raises(ValueError, match=r"values` must (start with|hold as many values)"):
        read_idx(path)


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-9], lambda raw: b"no gzip", lambda raw: raw[:30]]
)
def test_damaged_gzip_is_refused(tmp_path, idx_bytes, damage):
    path = tmp_path / "values.gz"
    path.write_bytes(damage(gzip.compress(idx_bytes(np.arange(200) % 97))))
    with pytest.raises(ValueError, match=r"values.gz` must be a whole gzip file. Received: \w+"):
        read_idx(path)


def test_mnist(mnist):
    images, labels = read_mnist(mnist, "train")
    assert images.shape == (240, 4, 4)
    np.testing.assert_array_equal(images[:, 0, 0], labels)
    assert len(read_mnist(mnist, "test")[0]) == 20


def test_images_and_labels_must_belong_together(mnist, idx_bytes):
    labels = mnist / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx_bytes([1, 2])))
    with pytest.raises(
        ValueError, match=r"as many labels. Received: shapes \(240, 4, 4\) and \(2,\)"
    ):
        read_mnist(mnist, "train")


def test_missing_file_is_named(mnist):
    (mnist / "t10k-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-images-idx3-ubyte.gz"):
        read_mnist(mnist, "test")
