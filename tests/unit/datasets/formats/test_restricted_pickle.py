# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="attr-defined"
from __future__ import annotations

import collections
import os
import pickle
import struct

import numpy as np
import pytest

from sionna_semcom.datasets import read_pickle

if not hasattr(np, "_core"):  # the name that NumPy 2 gave it
    np._core = np.core


class Calls:
    """Object whose pickle calls ``function`` and then sets a state."""

    def __init__(self, function, *arguments, state=None):
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.parts


ARRAYS = [
    np.arange(6, dtype=np.uint8).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(24, dtype=np.int16).reshape(2, 3, 4).transpose(1, 2, 0),
    np.arange(3, dtype=">f4"),
    np.array([[True, False]]),
    np.array([1 + 2j]),
    np.array(["video_1", "é"]),
    np.array([b"word", b"sp"]),
    np.zeros((0, 5), np.float32),
    np.array(3.5),
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{list(a.shape)}")
def test_arrays(read, array, protocol):
    found = read({"data": [array, array]}, protocol)["data"]
    assert found[0] is found[1]
    assert type(found[0]) is np.ndarray
    assert found[0].dtype == array.dtype
    np.testing.assert_array_equal(found[0], array)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_objects(read, protocol):
    array = np.empty((2, 2), object, order="F")
    array[0, 0], array[0, 1], array[1, 0] = "text", [1, 2], np.arange(3)
    found = read(array, protocol)
    assert found.shape == (2, 2)
    assert found[0].tolist() == ["text", [1, 2]]
    np.testing.assert_array_equal(found[1, 0], np.arange(3))
    assert found[1, 1] is None


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values(read, protocol):
    values = [
        *(True, None, 3, 10**30, 0.5, 1j, "word", b"bytes", b"", bytearray(b"b"), (1, [2])),
        *({"a": {"b": ()}}, {1, 2}, frozenset("x")),
    ]
    found = read(values, protocol)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("made_by", [b"numpy.core", b"numpy._core"], ids=["numpy1", "numpy2"])
def test_what_either_numpy_made_is_read(read, made_by, protocol):
    """Protocol 2 has names with line breaks, and protocols 4 and 5 have lengths before names."""
    raw = pickle.dumps([np.float32(0.5), np.str_("é"), np.arange(3)], protocol)
    for module in (b"multiarray", b"numeric"):
        for old in (b"numpy.core.", b"numpy._core."):
            names = [made_by + b"." + module, old + module]
            if protocol == 2:
                new, old_text = (b"c" + name + b"\n" for name in names)
            else:
                new, old_text = (b"\x8c" + bytes([len(name)]) + name for name in names)
            raw = raw.replace(old_text, new)
    if protocol > 2:  # the frame's length has changed: frames are optional
        assert raw[2:3] == b"\x95"
        raw = raw[:2] + raw[11:]
    assert made_by + b"." in raw
    number, text, array = read(raw)
    assert (type(number), number) == (np.float32, 0.5)
    assert (type(text), text) == (np.str_, "é")
    assert array.tolist() == [0, 1, 2]


def test_what_python_2_made_is_read(read):
    """A batch of CIFAR-10, whose byte strings have no separate type."""
    header = b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
    array = b"K\x00\x85U\x01b\x87R(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
    state = b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state += b"\x89U\x06\x00\x01\x02\xfd\xfe\xfftb"
    labels = b"U\x06labels](K\x06K\x09eu."
    found = read(header + array + state + labels)
    assert found[b"labels"] == [6, 9]
    assert found[b"data"].tolist() == [[0, 1, 2], [253, 254, 255]]
    text = read(header + array + state + labels, encoding="latin1")
    np.testing.assert_array_equal(text["data"], found[b"data"])


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (Calls(os.system, "touch broken"), "posix.system"),
        (Calls(eval, "1"), r"builtin\w+\.eval"),
        (Calls(getattr, [], "append"), r"builtin\w+\.getattr"),
        (os.path.join, "posixpath.join"),
        (collections.OrderedDict(), "collections.OrderedDict"),
        (np.linalg.norm, "numpy.linalg"),
        (np.arange(3).astype("M8[s]"), "M8"),
        (np.zeros(2, [("x", "f4"), ("y", "O")]), "V12|V16"),
        (np.ma.masked_array([1]), "numpy.ma"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_anything_else_is_refused(read, tmp_path, monkeypatch, content, name, protocol):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=rf"data.pkl` must be a pickle of arrays.*({name})"):
        read([1, content], protocol)
    assert not (tmp_path / "broken").exists()


def test_names_with_dots_are_refused(read):
    with pytest.raises(ValueError, match=r"names numpy.ndarray.tofile, which is not data"):
        read(b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.")


POINTER = struct.pack("P", 1)


@pytest.mark.parametrize(
    "content",
    [
        Calls(np.ndarray, (1,), np.dtype("O"), POINTER),
        Calls(np.ndarray, (8,), "f8", None, 0, (0,)),
        Calls(
            np._core.multiarray._reconstruct,
            *(np.ndarray, (0,), b"b"),
            state=(1, (1,), np.dtype("O"), False, POINTER),
        ),
        Calls(
            np._core.multiarray._reconstruct,
            *(np.ndarray, (0,), b"b"),
            state=(1, (9,), np.dtype("f8"), False, bytes(8)),
        ),
        Calls(np._core.numeric._frombuffer, POINTER, np.dtype("O"), (1,), "C"),
        Calls(np._core.numeric._frombuffer, bytes(8), np.dtype("f8"), (2,), "C"),
        Calls(np._core.multiarray.scalar, np.dtype("O"), POINTER),
        Calls(np._core.multiarray.scalar, np.dtype("f8"), bytes(4)),
        Calls(np._core.multiarray.scalar, np.dtype("f8"), 8),
        Calls(np.dtype, [("x", "O")]),
    ],
)
def test_forged_arrays_do_not_reach_foreign_memory(read, content):
    """NumPy would take a file's bytes for pointers to objects, and its sizes as given."""
    with pytest.raises(ValueError, match="must be a pickle of arrays"):
        read(content)


@pytest.mark.parametrize("array", [np.arange(4), np.array(["a", None], object)])
def test_forged_types_do_not_reach_foreign_memory(read, array):
    """A type says that it has no objects, or that its values are longer than they are."""
    forged = Calls(
        np.dtype, array.dtype.str[1:], False, True, state=(3, "<", None, None, None, 800, 8, 0)
    )
    make = np._core.multiarray._reconstruct
    raw = array.tolist() if array.dtype.hasobject else array.tobytes()
    content = Calls(make, np.ndarray, (0,), b"b", state=(1, array.shape, forged, False, raw))
    assert read(content).tolist() == array.tolist()


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_truncated_files_are_refused(read, protocol):
    raw = pickle.dumps({"data": np.arange(50), "labels": list(range(9)), "x": "x"}, protocol)
    for length in range(0, len(raw), 7):
        with pytest.raises(ValueError, match=r"data.pkl` must be a pickle of arrays"):
            read(raw[:length])


def test_containers_that_hold_themselves_are_refused(read):
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="must be a pickle of arrays"):
        read(endless)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.pkl"):
        read_pickle(tmp_path / "none.pkl")


def test_keys_of_usual_kinds_are_read(read):
    content: dict = {
        **{f"key{n}": n for n in range(20_000)},
        **{n: n for n in range(20_000)},
        **{(n, "a"): n for n in range(1000)},
        2**70: 1,
        0.5: 2,
        None: 3,
        frozenset("ab"): 4,
    }
    assert read(content) == content


def test_folders_and_devices_are_no_pickles(tmp_path):
    for path in (tmp_path, "/dev/zero"):
        with pytest.raises(FileNotFoundError, match="No pickle"):
            read_pickle(path)
