# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
import yaml

from sionna_semcom._yaml import load_yaml

STUDIES = sorted((Path(__file__).parents[2] / "link_sims").glob("*.yaml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_studies_are_read_as_yaml_reads_them(path):
    text = path.read_text(encoding="utf-8")
    assert load_yaml(text, "study") == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "3", "a: [1, 2.5e-3, yes, null, 'x', é, 2020-01-02]", "a: !!str 5"),
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: *a, x: 3}\nd: *a\ne: [*a, *a]",
        "a: &a {x: 1}\nb: &b {<<: *a, x: 2}\nc: {<<: *b, x: 3}\nd: {<<: [*a, *b], z: 1}",
        "1: x\n'1': y",
        "[" * 30 + "]" * 30,
        "a: [" + "0, " * 5_000 + "0]",
    ],
)
def test_what_is_right_is_read_as_yaml_reads_it(text):
    assert load_yaml(text, "study") == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "expected the node content"),
        ("a: b: c", "mapping values are not allowed"),
        ("{a: 1, b: 2, a: 3}", "the key 'a' is repeated .line 1, column 14"),
        ("a: {x: {y: 1, y: 1}}", "the key 'y' is repeated"),
        ("'a': 1\na: 2", "the key 'a' is repeated .line 2"),
        ("yes: 1\ntrue: 2", "the key 'True' is repeated"),
        ("? [1]\n: 2", "unhashable key"),
        ("a: !!bool maybe", "'maybe' is not of type bool .line 1, column 4"),
        ("a: !!timestamp abc", "'abc' is not of type timestamp"),
        ("a: !!int ''", "'' is not of type int"),
        ("a: !!int x", "'x' is not of type int"),
        ("a: !!float x", "'x' is not of type float"),
        ("a: !!binary é", "non-ascii|no binary|failed to convert"),
        ("!!bool maybe: 1", "'maybe' is not of type bool"),
        ("a: 2020-13-45", "'2020-13-45' is not of type timestamp"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: !mine x", "could not determine a constructor"),
        ("a: =", "could not determine a constructor"),
        ("a: *b", "undefined alias"),
        ("a: &a [*a]", "an alias is part of its own value"),
        ("a: &a {b: *a}", "an alias is part of its own value"),
        ("a: 1\n---\nb: 2", "another document"),
        ("[" * 1000 + "]" * 1000, "nested deeper than 32 levels"),
        ("{a: " * 1000 + "1" + "}" * 1000, "nested deeper than 32 levels"),
        ("- " * 1000 + "1", "nested deeper than 32 levels"),
        ("a: " + "9" * 5000, "a number has 5000 characters"),
        ("a: 0x" + "f" * 5000, "a number has 5002 characters"),
        ("a: " + "1:" * 5000 + "1", "a number has 10001 characters"),
        ('a: "\\ud800"', "unpaired surrogate"),
        ('a: "\\UFFFFFFFF"', "too large"),
        ("a: \x00", "special characters are not allowed"),
        ("[" + "0," * 60_000 + "]", "more than 50000 values"),
        (str(2**63) + ": 1", "a key is too large"),
        ("x" * 2**20 + "x", "1048577"),
    ],
)
def test_what_is_wrong_is_one_line(text, reason):
    with pytest.raises(ValueError, match=rf"^study.yaml is not YAML.*?({reason})") as refused:
        load_yaml(text, "study.yaml")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def nested(levels, width, form):
    """Aliases of aliases: ``width ** levels`` values in a few hundred characters."""
    lines = ["a0: &a0 " + form(["x"] * width)]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} " + form([f"*a{n - 1}"] * width))
    return "\n".join([*lines, f"title: *a{levels - 1}"])


@pytest.mark.parametrize(
    "form",
    [
        lambda values: f"[{', '.join(values)}]",
        lambda values: "{" + ", ".join(f"k{n}: {v}" for n, v in enumerate(values)) + "}",
        lambda values: "{<<: [" + ", ".join(v for v in values if v != "x") + "], k: 1}",
    ],
    ids=["lists", "mappings", "merges"],
)
def test_nested_aliases_take_neither_time_nor_memory(form):
    text = nested(20, 9, form)
    tracemalloc.start()
    begin = time.perf_counter()
    with pytest.raises(ValueError, match="more than 50000 values, aliases included"):
        load_yaml(text, "study")
    assert time.perf_counter() - begin < 2
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
