# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip
import struct
import tracemalloc
import zlib

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


def header(*shape):
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def write_gzip(path, start, megabytes):
    """A few kilobytes that unpack to many megabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(start), *(packer.compress(bytes(10**6)) for _ in range(megabytes))]
    path.write_bytes(b"".join([*parts, packer.flush()]))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((10,), r"shape \(10,\). Received: more bytes behind the header"),
        ((60_000, 28, 28, 100), "SIONNA_SEMCOM_MAX_BYTES"),
        ((2**32 - 1,) * 32, "SIONNA_SEMCOM_MAX_BYTES"),
        ((2**32 - 1, 0), "SIONNA_SEMCOM_MAX_BYTES"),
        ((1,) * 33, "a number of dimensions up to 32"),
        ((90_000_000,), "Received: 40000000 bytes behind the header"),
    ],
)
def test_no_more_is_unpacked_than_the_header_says(tmp_path, shape, message):
    path = tmp_path / "values.gz"
    write_gzip(path, header(*shape), 40)
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"values.gz`.*{message}"):
        read_idx(path)
    assert tracemalloc.get_traced_memory()[1] < (5e6 if "90" not in str(shape) else 1e8)
    tracemalloc.stop()


def test_a_user_raises_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "values.gz"
    write_gzip(path, header(5, 10**6), 5)
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "4000000")
    with pytest.raises(ValueError, match="5000000 bytes, with a limit of 4000000"):
        read_idx(path)
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "5000000")
    assert read_idx(path).shape == (5, 10**6)


def test_folders_and_devices_are_no_idx_files(tmp_path):
    for path in (tmp_path, "/dev/zero"):
        with pytest.raises(FileNotFoundError, match="No IDX file"):
            read_idx(path)
