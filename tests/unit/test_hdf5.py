# SPDX-License-Identifier: Apache-2.0
"""HDF5 files that refer to other files, or would take too much memory."""

from __future__ import annotations

import os
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t

from sionna_semcom._hdf5 import open_hdf5, read_dataset
from sionna_semcom.datasets import LatentPairs, MultimodalFeatures
from sionna_semcom.datasets.digits.builtin import read_spoken
from sionna_semcom.datasets.features.computational_sequences import read_csd
from sionna_semcom.simulation import Result
from sionna_semcom.simulation.training.checkpoint import load_weights

TEXT = h5py.string_dtype()
READERS = {
    "latents": LatentPairs.load,
    "features": MultimodalFeatures.load,
    "sequences": read_csd,
    "results": Result.load,
    "spoken digits": read_spoken,
    "weights": lambda path: load_weights(None, path),
}


@pytest.fixture
def secret(tmp_path):
    """A file of this machine that data files must not be able to read."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with h5py.File(folder / "secret.h5", "w") as file:
        file["values"] = np.arange(6.0)
    return folder / "secret.h5"


def external_storage(file, secret):
    file.create_dataset("x", (6,), "f8", external=[(str(secret), 0, 48)])


def external_link(file, secret):
    file["x"] = h5py.ExternalLink(str(secret), "/values")


def external_link_below(file, secret):
    file["a/b/c"] = h5py.ExternalLink(str(secret), "/values")
    file["x"] = h5py.SoftLink("/a/b/c")


def virtual(file, secret):
    layout = h5py.VirtualLayout((6,), "f8")
    layout[:] = h5py.VirtualSource(str(secret), "values", (6,))
    file.create_virtual_dataset("x", layout)


def virtual_without_end(file, secret):
    layout = h5py.VirtualLayout((6,), "f8", maxshape=(None,))
    source = h5py.VirtualSource(str(secret), "values", (6,), maxshape=(None,))
    layout[: h5s.UNLIMITED] = source[: h5s.UNLIMITED]
    file.create_virtual_dataset("x", layout)


def dangling(file, secret):
    file["x"] = h5py.SoftLink("/nowhere")


def links_in_a_circle(file, secret):
    file["x"], file["y"] = h5py.SoftLink("/y"), h5py.SoftLink("/x")


def cycle(file, secret):
    file.create_group("a/b")
    file["a/b/c"] = file["a"]


def cycle_of_a_soft_link(file, secret):
    file["a/b/c"] = h5py.SoftLink("/a")


def root_in_itself(file, secret):
    file["a"] = file["/"]


def too_deep(file, secret):
    file["/".join("g" * 100)] = 1.0


def doubled(file, secret):
    """Links to links: 2 ** 40 paths to one dataset."""
    group = file.create_group("g0")
    group["values"] = np.zeros(100)
    for n in range(1, 41):
        outer = file.create_group(f"g{n}")
        outer["one"] = outer["two"] = group
        group = outer


def shared(file, secret):
    """One dataset of 80 MB under many names."""
    file.create_dataset("x", (10**7,), "f8", compression="gzip", data=np.zeros(10**7))
    for n in range(20):
        file[f"x{n}"] = file["x"]


def declared(file, secret):
    file.create_dataset("x", (10**9,), "f8", chunks=(10**6,), compression="gzip")


def declared_without_axis(file, secret):
    file.create_dataset("x", (2**40, 0), "f8", maxshape=(None, None), chunks=(1, 1))


def large_chunk(file, secret):
    file.create_dataset("x", (10,), "f8", maxshape=(None,), chunks=(10**8,), compression="gzip")


def packed_twice(file, secret):
    made = h5p.create(h5p.DATASET_CREATE)
    made.set_chunk((1000,))
    made.set_deflate(9)
    made.set_deflate(9)
    space = h5s.create_simple((1000,))
    h5d.create(file.id, b"x", h5t.IEEE_F64LE, space, made)


def overfull_chunk(file, secret):
    """A chunk of 8 kB whose deflated bytes are 60 MB."""
    dataset = file.create_dataset("x", (1000,), "f8", chunks=(1000,), compression="gzip")
    packer = zlib.compressobj(9)
    raw = b"".join([*(packer.compress(bytes(10**6)) for _ in range(60)), packer.flush()])
    dataset.id.write_direct_chunk((0,), raw)


def long_attribute(file, secret):
    """Strings that could each be almost as long as the file."""
    file.attrs.create("names", ["x" * 10**4] * 100, dtype=TEXT)


def lengths_of_anything_in_an_attribute(file, secret):
    values = np.empty(100, object)
    values[:] = [np.zeros(10**4, np.uint8)] * 99 + [np.zeros(1, np.uint8)]
    file.attrs.create("names", values, dtype=h5py.vlen_dtype(np.uint8))


HOSTILE = {
    external_storage: "external storage",
    external_link: "a link to another file",
    external_link_below: "a link to another file",
    virtual: "virtual dataset",
    virtual_without_end: "virtual dataset",
    dangling: "a link to a missing object",
    links_in_a_circle: "a link to a missing object",
    cycle: "links form a cycle",
    cycle_of_a_soft_link: "links form a cycle",
    root_in_itself: "links form a cycle",
    too_deep: "nested deeper than 64",
    doubled: "SIONNA_SEMCOM_MAX_BYTES",
    shared: "SIONNA_SEMCOM_MAX_BYTES",
    declared: "more than the file can",
    declared_without_axis: "more than the file can|SIONNA_SEMCOM_MAX_BYTES",
    large_chunk: "a chunk of x declares .* more than the file can",
    packed_twice: r"filters \[1, 1\]",
    overfull_chunk: "decompresses to more than its size",
}


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_no_reader_opens_what_is_hostile(tmp_path, secret, make):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        make(file, secret)
    tracemalloc.start()
    for read in READERS.values():
        with pytest.raises(ValueError, match=rf"file.h5.*({HOSTILE[make]})") as refused:
            read(path)  # type: ignore[operator]
        assert len(str(refused.value)) < 700
    assert tracemalloc.get_traced_memory()[1] < 5e7
    tracemalloc.stop()


@pytest.mark.parametrize("make", [external_storage, external_link, virtual, virtual_without_end])
def test_other_files_are_not_even_opened(tmp_path, make):
    """Opening a pipe without a writer would block forever."""
    pipe = tmp_path / "pipe"
    with h5py.File(tmp_path / "file.h5", "w") as file:
        make(file, pipe)
    os.mkfifo(pipe)
    with pytest.raises(ValueError, match=r"external storage|another file|virtual"):
        with open_hdf5(tmp_path / "file.h5", "file"):
            pass


@pytest.mark.parametrize("make", [long_attribute, lengths_of_anything_in_an_attribute])
def test_attributes_are_bounded(tmp_path, monkeypatch, make):
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "10000000")
    with h5py.File(tmp_path / "file.h5", "w") as file:
        make(file, None)
    with pytest.raises(ValueError, match=r"attribute names of / takes more memory .* 10000000"):
        with open_hdf5(tmp_path / "file.h5", "file"):
            pass


def share_strings(path, name="x", count=4000, length=10**5, shape=None):
    """Variable-length strings that all refer to the same bytes of the file."""
    with h5py.File(path, "a") as file:
        file.create_dataset(name, shape or (count,), TEXT)
        dataset = file[name]
        dataset[(0,) * dataset.ndim] = "x" * length
        offset = dataset.id.get_offset()
    raw = bytearray(path.read_bytes())
    raw[offset : offset + 16 * count] = bytes(raw[offset : offset + 16]) * count
    path.write_bytes(raw)


@pytest.mark.parametrize("shape", [(4000,), (4000, 1), (1, 4000), (2, 2, 1000)])
def test_strings_that_share_their_bytes_are_bounded(tmp_path, monkeypatch, shape):
    path = tmp_path / "file.h5"
    share_strings(path, shape=shape)
    assert path.stat().st_size < 200_000
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "10000000")
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"x takes more memory .* SIONNA_SEMCOM_MAX_BYTES"):
        with open_hdf5(path, "file") as file:
            read_dataset(file, "x")
    assert tracemalloc.get_traced_memory()[1] < 3e7
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "1000000000")
    with open_hdf5(path, "file") as file:
        values = read_dataset(file, "x")
    assert values.shape == shape
    assert set(values.flat) == {"x" * 10**5}
    tracemalloc.stop()


def test_strings_of_a_file_are_bounded_together(tmp_path, monkeypatch):
    path = tmp_path / "file.h5"
    for n in range(4):
        share_strings(path, f"x{n}", 40)
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "10000000")
    with pytest.raises(ValueError, match="x2 takes more memory"):
        with open_hdf5(path, "file") as file:
            for n in range(4):
                read_dataset(file, f"x{n}")


def test_a_user_raises_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        for n in range(20):
            file.create_dataset(f"x{n}", data=np.zeros(10**6), compression="gzip")
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", str(10**8))
    with pytest.raises(ValueError, match="160000000 bytes, with a limit of 100000000"):
        with open_hdf5(path, "file"):
            pass
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", str(2 * 10**8))
    with open_hdf5(path, "file") as file:
        assert read_dataset(file, "x3").sum() == 0
    monkeypatch.delenv("SIONNA_SEMCOM_MAX_BYTES")
    with open_hdf5(path, "file") as file:
        assert read_dataset(file, "x3").sum() == 0
    for wrong in ("0", "-1", "1e9", "x", "9" * 30):
        monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", wrong)
        with pytest.raises(ValueError, match="MAX_BYTES must be a positive number of bytes"):
            with open_hdf5(path, "file"):
                pass
