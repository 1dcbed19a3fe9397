# SPDX-License-Identifier: Apache-2.0
"""Every public object explains its arguments, its output and its errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[2] / "sionna_semcom"
ROOMS = sorted(
    path.parent.name
    for path in PACKAGE.glob("*/__init__.py")
    if "__all__" in path.read_text() and not path.parent.name.startswith("_")
)
DECLARED = ("Settings", "MetricSettings", "BaseModel", "NamedTuple", "Protocol")
Definition = ast.ClassDef | ast.FunctionDef


class Public(NamedTuple):
    """A public object, and where it is defined."""

    room: str
    name: str
    node: Definition

    def __str__(self) -> str:
        return f"{self.room}.{self.name}"


def _modules(room: Path) -> Iterator[tuple[str, Path]]:
    """Public names of a package and the files that define them."""
    tree = ast.parse((room / "__init__.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            place = room.joinpath(*(node.module or "").split("."))
            for alias in node.names:
                yield alias.asname or alias.name, place
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                    yield str(key.value), room.joinpath(*str(value.value).split("."))


def _definition(name: str, place: Path) -> Definition | None:
    """Class or function of this name in a module, or in the imports of a package."""
    if place.is_dir():
        inside = dict(_modules(place))
        return _definition(name, inside[name]) if name in inside else None
    tree = ast.parse(place.with_suffix(".py").read_text())
    found = (n for n in tree.body if isinstance(n, Definition) and n.name == name)
    return next(found, None)


def _public() -> Iterator[Public]:
    for room in ROOMS:
        for name, place in sorted(set(_modules(PACKAGE / room))):
            if (node := _definition(name, place)) is not None:
                yield Public(room, name, node)


def _is_declared(node: ast.ClassDef) -> bool:
    """Whether fields with a line of their own each are the arguments."""
    bases = [ast.unparse(base) for base in node.bases]
    marked = [ast.unparse(one) for one in node.decorator_list]
    return (
        any(base.endswith(DECLARED) for base in bases)
        or any("dataclass" in one for one in marked)
        or node.name.endswith(("Settings", "Encoders"))
    )


def _arguments(node: ast.FunctionDef) -> list[str]:
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [one.arg for one in given if one.arg not in ("self", "cls")]


def _raises(node: ast.AST) -> bool:
    """Whether there is a `raise` of an error, except for one that is raised again."""
    return any(isinstance(one, ast.Raise) and one.exc is not None for one in ast.walk(node))


def _needed(node: Definition) -> set[str]:
    """Sections of a docstring that apply to an object."""
    if isinstance(node, ast.FunctionDef):
        returns = node.returns is not None and ast.unparse(node.returns) != "None"
        return {
            *(["arguments"] if _arguments(node) else []),
            *(["Output"] if returns else []),
            *(["Raises"] if _raises(node) else []),
        }
    methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
    needed = set()
    if "__init__" in methods and not _is_declared(node):
        if _arguments(methods["__init__"]):
            needed.add("arguments")
        if _raises(methods["__init__"]):
            needed.add("Raises")
    called = methods.get("call", methods.get("__call__"))
    if called is not None and _arguments(called):
        needed |= {"arguments", "Output"}
    return needed


def _missing(public: Public) -> list[str]:
    """Needed sections that a docstring lacks."""
    text = ast.get_docstring(public.node) or ""
    sections = set(re.findall(r"^([A-Z]\w+)\n-{3,}$", text, re.MULTILINE))
    if "Input, Output" in text:
        sections |= {"Input", "Output"}
    elsewhere = " ".join(re.findall(r"(?:[^.]*\b(?:as\s+in|See)\b[^.]*[`:][^.]*\.)", text))
    if sections & {"Parameters", "Input"} or re.search("[Ii]nput|Parameters|`link`", elsewhere):
        sections.add("arguments")
    if "output" in elsewhere:  # of another object, which has the section
        sections.add("Output")
    return sorted(_needed(public.node) - sections)


PUBLIC = list(_public())


def test_enough_is_found() -> None:
    assert len(PUBLIC) > 150
    assert {one.room for one in PUBLIC} == set(ROOMS)


@pytest.mark.parametrize("public", PUBLIC, ids=str)
def test_docstrings_have_the_sections_that_apply(public: Public) -> None:
    assert ast.get_docstring(public.node), "has no docstring"
    assert _missing(public) == []
