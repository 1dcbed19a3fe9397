# SPDX-License-Identifier: Apache-2.0
"""HDF5 files that read other files, or take more than they should."""

from __future__ import annotations

import json
import os
import re
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t

from sionna_semcom._hdf5 import open_hdf5, read_dataset, read_json
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
    """A file of this machine that no data file should show."""
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
    """Strings each of which might be most of the file."""
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
    dangling: "a link to what the file does not have",
    links_in_a_circle: "a link to what the file does not have",
    cycle: "links form a cycle",
    cycle_of_a_soft_link: "links form a cycle",
    root_in_itself: "links form a cycle",
    too_deep: "nested deeper than 64",
    doubled: "SIONNA_SEMCOM_MAX_BYTES",
    shared: "SIONNA_SEMCOM_MAX_BYTES",
    declared: "more than the file can",
    declared_without_axis: "more than the file can|SIONNA_SEMCOM_MAX_BYTES",
    large_chunk: "a chunk of x says .* more than the file can",
    packed_twice: r"filters \[1, 1\]",
    overfull_chunk: "unpacks to more than its size",
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
    """A pipe that nobody writes to: whoever opens it waits for ever."""
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
    """Strings of any length that are all the same bytes of the file."""
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


VALUES = {
    "float16": np.arange(6, dtype=np.float16).reshape(2, 3),
    "big-endian": np.arange(6, dtype=">i4"),
    "boolean": np.array([True, False]),
    "complex": np.array([1 + 2j]),
    "bytes": np.array([b"word", b"sp"]),
    "empty": np.zeros((0, 5), np.float32),
    "scalar": np.array(3.5),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(
    "packed",
    [
        {},
        {"chunks": True},
        {"compression": "gzip", "shuffle": True},
        {"compression": "lzf", "fletcher32": True},
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
    ],
    ids=str,
)
def test_values_are_read_as_h5py_reads_them(tmp_path, name, packed):
    values = VALUES[name]
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file.create_dataset("g/x", data=values, **(packed if values.size > 1 else {}))
        file["g/y"] = h5py.SoftLink("/g/x")
    with open_hdf5(tmp_path / "file.h5", "file") as file:
        for member in ("x", "y"):
            found = read_dataset(file["g"], member)
            assert (found.dtype, found.shape) == (values.dtype, values.shape)
            np.testing.assert_array_equal(found, values)


def test_scale_offset_is_read(tmp_path):
    values = np.arange(10_000).reshape(100, 100) % 50
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file.create_dataset("x", data=values, scaleoffset=0, compression="gzip", shuffle=True)
    with open_hdf5(tmp_path / "file.h5", "file") as file:
        np.testing.assert_array_equal(read_dataset(file, "x"), values)


def test_large_chunks_that_are_right_are_read(tmp_path):
    """Chunks of 4 MB, whose sizes are looked at closely because they could hide much."""
    values = np.random.default_rng(1).normal(size=(2, 500_000))
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file.create_dataset("x", data=values, chunks=(1, 500_000), compression="gzip")
    with open_hdf5(tmp_path / "file.h5", "file") as file:
        np.testing.assert_array_equal(read_dataset(file, "x"), values)


def test_texts_are_read(tmp_path):
    texts = np.array([["é", "word"], ["", "x" * 1000]], object)
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file.create_dataset("x", data=texts, dtype=TEXT)
        file.create_dataset("one", data="é", dtype=TEXT)
        file.create_dataset("none", (0,), dtype=TEXT)
    with open_hdf5(tmp_path / "file.h5", "file") as file:
        assert read_dataset(file, "x").tolist() == texts.tolist()
        assert read_dataset(file, "one").tolist() == "é"
        assert read_dataset(file, "none").tolist() == []


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.zeros(2, [("x", "f4"), ("y", "i4")]), None),
        (np.zeros(2, "V3"), None),
        (np.array([np.zeros(2), np.zeros(3)], object), h5py.vlen_dtype("f8")),
        (None, np.dtype("(3,)f4")),
        (h5py.Empty("f4"), None),
    ],
    ids=["compound", "opaque", "lists", "arrays", "nothing"],
)
def test_what_is_neither_number_nor_string_is_refused(tmp_path, values, kind):
    with h5py.File(tmp_path / "file.h5", "w") as file:
        if kind is not None and kind.subdtype is not None:
            file.create_dataset("x", (2,), kind)
        else:
            file.create_dataset("x", data=values, dtype=kind)
        file.create_dataset("reference", data=file["x"].ref, dtype=h5py.ref_dtype)
    with open_hdf5(tmp_path / "file.h5", "file") as file:
        for name in ("x", "reference"):
            with pytest.raises(ValueError, match=f"{name} (must hold numbers|has no values)"):
                read_dataset(file, name)


def test_a_link_from_one_name_to_another_is_followed(tmp_path):
    with h5py.File(tmp_path / "file.h5", "w") as file:
        file["val/x"] = np.arange(3)
        file["valid"] = h5py.SoftLink("/val")
        file["again"] = file["val"]
    with open_hdf5(tmp_path / "file.h5", "file") as file:
        assert read_dataset(file, "valid/x").tolist() == read_dataset(file, "again/x").tolist()


def test_random_damage_is_one_line(tmp_path):
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a/x", data=np.arange(1000.0), compression="gzip")
        file.create_dataset("a/t", data=["x", "yy"], dtype=TEXT)
        file.attrs["names"] = ["a", "b"]
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    draw = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        places = draw.integers(len(whole), size=3)
        damaged[places] = draw.integers(256, size=3)
        path.write_bytes(damaged.tobytes())
        try:
            with open_hdf5(path, "file") as file:
                read_dataset(file, "a/x"), read_dataset(file, "a/t"), dict(file.attrs)
        except ValueError as error:
            assert re.match(r"`.*file.h5` is damaged or no file: ", str(error))
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("text", ["null", '{"a": [1, "[[[[", {"b": "\\"{"}]}', b'{"a": 1}'])
def test_json_is_read(text):
    assert read_json(text, "`settings`") == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 10**5 + "]" * 10**5, "nested deeper than 64"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested deeper than 64"),
        ("{", "Expecting property name"),
        ('{"a": 1, "a": 2}', "a key twice"),
        ("9" * 5000, "Exceeds the limit|digits"),
        (b"\xff", "utf-8"),
        (3, "must be a string, not int"),
    ],
)
def test_json_that_is_none_is_one_line(text, reason):
    with pytest.raises(ValueError, match=f"^`settings` is no JSON: .*({reason})") as refused:
        read_json(text, "`settings`")
    assert len(str(refused.value)) < 250
