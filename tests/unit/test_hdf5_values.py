# SPDX-License-Identifier: Apache-2.0
"""Values, strings and JSON of HDF5 files: read unchanged, or rejected with a one-line error."""

from __future__ import annotations

import json
import re

import h5py
import numpy as np
import pytest

from sionna_semcom._hdf5 import open_hdf5, read_checksums, read_dataset, read_json

TEXT = h5py.string_dtype()
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
    """Chunks of 4 MB, which are decompressed for a check because they could expand to much more."""
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
            with pytest.raises(ValueError, match=f"{name} (must contain numbers|has no values)"):
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
            assert re.match(r"`.*file.h5` is damaged or not a file: ", str(error))
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
        ('{"a": 1, "a": 2}', "a repeated key"),
        ("9" * 5000, "Exceeds the limit|digits"),
        (b"\xff", "utf-8"),
        (3, "must be a string, not int"),
    ],
)
def test_json_that_is_none_is_one_line(text, reason):
    with pytest.raises(ValueError, match=f"^`settings` is not JSON: .*({reason})") as refused:
        read_json(text, "`settings`")
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, {}), ("{}", {}), ('{"a": "12", "b": "3"}', {"a": "12", "b": "3"})],
)
def test_checksums_are_read(tmp_path, text, found):
    path = _with_checksums(tmp_path, text)
    with open_hdf5(path, "file") as file:
        assert read_checksums(file) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[]", "strings by file, not"), ('{"a": 1}', "strings by file, not"), ("{", "is not JSON")],
)
def test_checksums_that_are_none_are_one_line(tmp_path, text, reason):
    path = _with_checksums(tmp_path, text)
    with (
        pytest.raises(ValueError, match=f"sums.h5.*checksums.*{reason}"),
        open_hdf5(path, "file") as file,
    ):
        read_checksums(file)


def _with_checksums(folder, text):
    path = folder / "sums.h5"
    with h5py.File(path, "w") as file:
        if text is not None:
            file.attrs["checksums"] = text
    return path
