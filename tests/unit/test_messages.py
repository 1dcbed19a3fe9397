# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np
import pytest

from sionna_semcom._messages import check_choice, did_you_mean, listed, shortened


def test_few_names_are_all_there():
    assert listed(["a", "b"]) == "a, b"
    assert listed({"a": 1}) == "a"
    assert listed([]) == "none"
    assert listed(["a", 3, b"c"]) == "a, 3, b'c'"


def test_of_many_names_the_first_are_there():
    assert listed((str(n) for n in range(100_000)), 3) == "0, 1, 2 (and 99997 more)"
    assert len(listed(["x" * 10**6] * 20)) < 600


def test_names_stay_in_one_line():
    assert listed(["a\nb", "\x1b[31m", "\ud800", ""]) == r"'a\nb', '\x1b[31m', '\ud800', ''"


@pytest.mark.parametrize("value", ["text", 3, 0.5, None, [1, "a"], {"a": (1.0,)}, (), b"x", {1}])
def test_short_values_are_as_python_writes_them(value):
    assert shortened(value) == repr(value)


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("modle", ["link", "model"], "model"),
        ("step_per_epoch", ["epochs", "steps_per_epoch"], "steps_per_epoch"),
        ("cdl-c", ["CDL-C", "UMi"], "CDL-C"),
    ],
)
def test_a_misspelled_name_gets_the_name_that_was_meant(name, known, meant):
    assert did_you_mean(name, known) == f". Did you mean {meant}?"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("foo", ["link", "model"]),
        ("TDL-X", ["TDL-A", "TDL-B"]),  # equally similar
        ("model", []),
        (3, ["3"]),
        ("model" * 10**6, ["model"]),
    ],
)
def test_other_names_get_no_guess(name, known):
    assert did_you_mean(name, known) == ""


def nested(depth=30):
    value: list[Any] = ["x"] * 9
    for _ in range(depth):
        value = [value] * 9  # 9^30 entries
    return value


class Loud:
    def __repr__(self):
        return "x\n" * 10**5


LARGE = [
    "x" * 10**7,
    b"x" * 10**7,
    10**10000,
    list(range(10**6)),
    nested(),
    {"a": nested()},
    {n: n for n in range(10**6)},
    OrderedDict((n, n) for n in range(10**5)),
    defaultdict(list, {n: n for n in range(10**5)}),
    {n: n for n in range(10**5)}.keys(),
    set(range(10**6)),
    np.zeros(10**6),
    np.array([{"a": nested()}], object),
    Loud(),
]


@pytest.mark.parametrize("value", LARGE, ids=lambda value: type(value).__name__)
def test_large_values_are_short_and_fast(value):
    start = time.perf_counter()
    text = shortened(value)
    assert time.perf_counter() - start < 0.5
    assert len(text) <= 200
    assert "\n" not in text


def test_arrays():
    assert shortened(np.float32(0.5)) == "0.5"
    assert shortened(np.arange(3)) == "[0, 1, 2]"
    assert shortened(np.zeros((3, 4), np.float32)) == "<ndarray of shape (3, 4) and type float32>"
    assert shortened(list(range(9)), 40) == "[0, 1, 2, 3, 4, 5, ... 9 in all]"


def test_a_choice_is_one_of_the_known_values():
    check_choice("mode", "b", ("a", "b"))
    with pytest.raises(ValueError, match=r"^`mode` must be one of a, b\. Received: 'c'$"):
        check_choice("mode", "c", ("a", "b"))
