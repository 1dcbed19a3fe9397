# SPDX-License-Identifier: Apache-2.0
"""Every public object explains its arguments, its output and its errors, and names its source."""

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


class Found(NamedTuple):
    """Definition of an object, and its module."""

    node: Definition
    module: Path


class Public(NamedTuple):
    """A public object, and where it is defined."""

    room: str
    name: str
    node: Definition
    module: Path

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


def _definition(name: str, place: Path) -> Found | None:
    """Class or function of this name in a module, or in the imports of a package."""
    if place.is_dir():
        inside = dict(_modules(place))
        return _definition(name, inside[name]) if name in inside else None
    module = place.with_suffix(".py")
    tree = ast.parse(module.read_text())
    found = (n for n in tree.body if isinstance(n, Definition) and n.name == name)
    return next((Found(node, module) for node in found), None)


def _public() -> Iterator[Public]:
    for room in ROOMS:
        for name, place in sorted(set(_modules(PACKAGE / room))):
            if (found := _definition(name, place)) is not None:
                yield Public(room, name, *found)


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


SOURCE = re.compile(r"\bSource\b|\bet al\.|\b(?:19[3-9]\d|20[0-3]\d)\b|\bT[RS]\s+38\.\d{3}\b")
STANDARD = re.compile(r"\bT[RS]\s+38\.\d{3}\b")
IN_STANDARD = ("link/pusch/",)
"""Folders that implement 3GPP procedures"""
OWN = frozenset(
    """
    alignment.Broadcast alignment.BroadcastAligner alignment.ComplexDense
    alignment.EigenbasisAligner alignment.LinearTransceiver alignment.MultipleAccess
    alignment.NeuralBroadcastAligner alignment.SemanticModes alignment.TranslationAligner
    alignment.UplinkAligner alignment.head_metric alignment.semantic_waterfilling
    channel.ChannelState channel.MIMOChannel datasets.generated_features
    datasets.linear_gaussian_features link.AWGNLink
    link.ChainLink link.EffectiveAWGNLink link.FlatFadingLink link.LearnedEstimator link.Link
    link.MultiUserLink mapping.LatentDemapper mapping.LatentMapper metrics.decision_limit
    metrics.f1_score metrics.recall_at_1 metrics.score_limit semantics.LatentFusion
    semantics.ReceiverState simulation.snr_gain
    systems.ChannelEstimation systems.ImageClassifier
    """.split()
)
"""Objects with equations that are definitions, or that this project has derived"""


def _explained(public: Public) -> str:
    """Docstrings of an object and of its module."""
    module = ast.get_docstring(ast.parse(public.module.read_text())) or ""
    return f"{ast.get_docstring(public.node) or ''}\n{module}"


def _has_equations(public: Public) -> bool:
    return ".. math::" in (ast.get_docstring(public.node) or "")


PUBLIC = list(_public())


def test_enough_is_found() -> None:
    assert len(PUBLIC) > 150
    assert {one.room for one in PUBLIC} == set(ROOMS)


@pytest.mark.parametrize("public", PUBLIC, ids=str)
def test_docstrings_have_the_sections_that_apply(public: Public) -> None:
    assert ast.get_docstring(public.node), "has no docstring"
    assert _missing(public) == []


@pytest.mark.parametrize("public", filter(_has_equations, PUBLIC), ids=str)
def test_equations_have_a_source_unless_they_are_of_this_project(public: Public) -> None:
    assert bool(SOURCE.search(_explained(public))) != (str(public) in OWN)


@pytest.mark.parametrize("folder", IN_STANDARD)
def test_procedures_of_the_standard_name_their_specification(folder: str) -> None:
    found = [one for one in PUBLIC if folder in one.module.relative_to(PACKAGE).as_posix()]
    assert len(found) > 4
    assert [str(one) for one in found if not STANDARD.search(_explained(one))] == []


def test_exceptions_are_public_objects_with_equations() -> None:
    assert {str(one) for one in filter(_has_equations, PUBLIC)} >= OWN
