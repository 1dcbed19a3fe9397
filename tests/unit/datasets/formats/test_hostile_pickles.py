# SPDX-License-Identifier: Apache-2.0
"""Small pickles that would require much memory or time."""

# mypy: disable-error-code="attr-defined"
from __future__ import annotations

import pickle
import struct
import time
import tracemalloc

import numpy as np
import pytest


def long(value):
    """An integer of up to 16 bytes."""
    return b"\x8a\x10" + value.to_bytes(16, "little")


def sized(opcode, size):
    return opcode + struct.pack("<Q", size) + b"x."


BYTEARRAY = b"\x8c\x08builtins\x8c\x09bytearray\x93"
MEGABYTE = b"B" + struct.pack("<I", 10**6) + bytes(10**6)
COLLIDING = [long(k * (2**61 - 1)) for k in range(1, 8000)]
TREE = b")" + b"2\x86" * 60  # (x, x), where both are (x, x), and so on
ODD = "more than 5000 keys that are no strings"
HOSTILE = {
    "bytearray of a size": (BYTEARRAY + long(10**10) + b"\x85R.", "no len|int"),
    "bytes of a size": (b"cbuiltins\nbytes\n(" + long(10**10) + b"tR.", "argument"),
    "index in text": (b"Np" + b"9" * 4000 + b"\n.", "out of range"),
    "length of bytes": (sized(b"\x8e", 10**11), "ends too early"),
    "length of a string": (sized(b"\x8d", 10**11), "ends too early"),
    "length of a bytearray": (sized(b"\x96", 10**11), "ends too early"),
    "length of a frame": (sized(b"\x80\x04\x95", 10**11), "ends too early"),
    "copies": (
        BYTEARRAY + b"\x94" + MEGABYTE + b"\x94](" + b"h\x00h\x01\x85R" * 3000 + b"e.",
        "MAX_BYTES",
    ),
    "sets": (b"\x8f" * 10**6 + b".", "MAX_BYTES"),
    "memos": (b"N" + b"\x94" * 10**6 + b".", "MAX_BYTES"),
    "colliding keys": (
        b"}(" + b"".join(k + b"N" for k in COLLIDING) + b"u.",
        ODD,
    ),
    "colliding pairs": (
        b"(" + b"".join(k + b"N" for k in COLLIDING) + b"d.",
        ODD,
    ),
    "keys one by one": (
        b"}" + b"".join(k + b"Ns" for k in COLLIDING) + b".",
        ODD,
    ),
    "colliding members": (b"\x8f(" + b"".join(COLLIDING) + b"\x90.", ODD),
    "frozen members": (b"(" + b"".join(COLLIDING) + b"\x91.", ODD),
    "a set of a list": (
        b"cbuiltins\nset\n((" + b"".join(COLLIDING) + b"ltR.",
        ODD,
    ),
    "a tree as key": (b"}" + TREE + b"Ns.", "a key of a dictionary or set is nested"),
    "a long key": (b"}(" + b"N" * 1000 + b"tNs.", "a key of a dictionary or set is nested or long"),
    "rows of nothing": (pickle.dumps(np.zeros((2**40, 0))), "an array without values has shape"),
    "an object": (b"cbuiltins\nset\n)\x81.", "makes objects"),
    "a state": (b"]}b.", "changes objects"),
    "an item of an array": (
        pickle.dumps(np.zeros(3), 5)[:-1] + b"K\x00K\x01s.",
        "changes an object",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_small_pickles_take_neither_memory_nor_time(read, monkeypatch, name):
    content, reason = HOSTILE[name]
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "50000000")
    tracemalloc.start()
    begin = time.perf_counter()
    with pytest.raises(ValueError, match=f"data.pkl` must be a pickle of arrays.*({reason})"):
        read(content)
    assert time.perf_counter() - begin < 20
    assert tracemalloc.get_traced_memory()[1] < 1e8
    tracemalloc.stop()


def test_a_high_number_of_the_memo_takes_no_memory(read):
    tracemalloc.start()
    assert read(b"Nr\xff\xff\xff\x7f.") is None
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()


def test_copies_of_arrays_are_bounded(read, monkeypatch):
    monkeypatch.setenv("SIONNA_SEMCOM_MAX_BYTES", "2500000")
    assert len(read([np.zeros(10**6, np.uint8) for _ in range(2)])) == 2
    with pytest.raises(ValueError, match="an array of the pickle takes more memory"):
        read([np.zeros(10**6, np.uint8) for _ in range(3)])
