# SPDX-License-Identifier: Apache-2.0
"""Types, ranges and defaults of arguments in words, for all kinds of annotations."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import Field, NonNegativeFloat, PositiveInt

from sionna_semcom._parts import Settings, arguments
from sionna_semcom.link import LINKS


class Inner(Settings):
    flag: bool = False


class Odd(Settings):
    kind: Literal["odd"] = "odd"
    count: PositiveInt
    share: float = Field(0.5, ge=0, lt=1)
    either: Literal["a", "b", 3] | None = None
    optional: Optional[NonNegativeFloat] = None  # noqa: UP045
    pair: tuple[float, float] = (0.0, 1.0)
    many: tuple[int, ...] = ()
    nested: tuple[tuple[Annotated[int, Field(ge=1)], ...], ...] = ()
    by_name: dict[str, int] = Field(default_factory=dict)
    by_pattern: dict[Annotated[str, Field(pattern="^a")], bool] = Field(default_factory=dict)
    inner: Inner = Inner()
    inners: dict[str, Inner] | None = None
    link: Annotated[Settings, LINKS] | None = None
    anything: Any = None
    text: str = "x"


WORDS = {
    "count": "int, above 0",
    "share": "float, at least 0, below 1",
    "either": '"a" | "b" | 3 | None',
    "optional": "float, at least 0 | None",
    "pair": "(float, float)",
    "many": "sequence of int",
    "nested": "sequence of sequence of int, at least 1",
    "by_name": "dict of int",
    "by_pattern": "dict of bool",
    "inner": "Inner",
    "inners": "dict of Inner | None",
    "link": "settings of any of the links | None",
    "anything": "any",
    "text": "str",
}


@pytest.mark.parametrize("name", WORDS)
def test_types_in_words(name):
    assert {one.name: one.type for one in arguments(Odd)}[name] == WORDS[name]


def test_defaults_and_order():
    found = arguments(Odd)
    assert [one.name for one in found] == list(WORDS)
    assert found[0].required and found[0].default is inspect.Parameter.empty
    assert {one.name: one.default for one in found}["by_name"] == {}
    assert not any(one.required for one in found[1:])


def test_every_argument_of_links_and_channels_says_what_it_means():
    for kind, part in LINKS.items():
        assert all(one.description for one in arguments(part.settings_class)), kind
