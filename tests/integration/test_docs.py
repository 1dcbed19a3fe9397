# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="attr-defined"
"""The examples of README and documentation work."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from types import ModuleType

import matplotlib.pyplot as plt
import pytest
import typer
import yaml
from click.exceptions import Exit
from pydantic import TypeAdapter

import sionna_semcom
from sionna_semcom._parts.schema import REGISTRIES
from sionna_semcom.cli.app import app
from sionna_semcom.simulation.execution.batch import BatchSettings
from sionna_semcom.simulation.studies.study import Study

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
]
NEEDS_DATA = "# needs SIONNA_SEMCOM_DATA"
NEEDS_PLUGIN = "# needs semcom_example"  # which tests/integration/test_plugin.py runs
PART_OF_STUDY = "# part of a study"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str) -> list[Block]:
    found = re.finditer(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [
        Block(page, page.read_text()[: match.start(2)].count("\n") + 1, *match.groups())
        for match in found
        if match[1] == language
    ]


def all_blocks(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, language)]


def with_python(page: Path) -> bool:
    return bool(blocks(page, "python"))


@pytest.mark.parametrize("page", filter(with_python, PAGES), ids=lambda page: page.name)
def test_python_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = ROOT / "docs" / "examples"
    for folder in (examples, examples / "tutorials", ROOT / "tests" / "plugin"):
        monkeypatch.syspath_prepend(str(folder))
    for registry in REGISTRIES.values():  # what a page registers is its own
        monkeypatch.setattr(registry, "_parts", dict(registry._parts))
    namespace: dict[str, object] = {"__name__": page.stem}
    for block in blocks(page, "python"):
        if block.text.startswith(NEEDS_DATA) and "SIONNA_SEMCOM_DATA" not in os.environ:
            continue
        # the padding makes tracebacks name lines of the page
        code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
        exec(code, namespace)
    plt.close("all")


def test_enough_is_found() -> None:
    assert len(all_blocks("python")) > 15
    assert len([block for block in all_blocks("yaml") if is_study(block)]) >= 1


def is_study(block: Block) -> bool:
    return "curves" in yaml.safe_load(block.text)


@pytest.mark.parametrize(
    "block", [b for b in all_blocks("yaml") if not b.text.startswith(NEEDS_PLUGIN)], ids=str
)
def test_yaml_blocks_are_valid(block: Block) -> None:
    document = yaml.safe_load(block.text)
    if is_study(block):
        Study.model_validate(document)
        return
    if document.get("kind") == "slurm":
        BatchSettings.model_validate(document).arguments()
        return
    assert block.text.startswith(PART_OF_STUDY)
    for key, value in document.items():
        TypeAdapter(Study.model_fields[key].rebuild_annotation()).validate_python(value)


def commands() -> list[list[str]]:
    texts = (block.text.replace("\\\n", " ") for block in all_blocks("bash"))
    lines = (line for text in texts for line in text.splitlines())
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize(
    "words", [w for w in commands() if w[0].endswith("sionna-semcom")], ids=" ".join
)
def test_documented_commands_parse(words: list[str]) -> None:
    group = typer.main.get_command(app)
    name, *arguments = words[1:]
    command = group.get_command(None, name)
    assert command is not None, f"no command {name}"
    try:
        command.make_context(name, arguments)
    except Exit:
        pytest.fail("the command would only show its help")


def test_documented_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {words[1] for words in commands() if words[0] == "make"}
    assert used <= targets


def test_links_between_files_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_tables_of_settings_are_those_of_the_declarations() -> None:
    """``python docs/make_tables.py`` updates them."""
    tables = run_path(str(ROOT / "docs" / "make_tables.py"))
    for page in PAGES:
        assert tables["with_tables"](page.read_text()) == page.read_text(), page.name


def test_messages_of_the_troubleshooting_page_are_those_of_the_package() -> None:
    page = (ROOT / "docs" / "howto" / "troubleshooting.md").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "sionna_semcom").rglob("*.py"))
    joined = re.sub(r'"\s*f?"', "", sources)  # literals over several lines
    quoted = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    assert len(quoted) > 12
    system = [
        "free(): invalid pointer",
        "You are casting an input of type complex64 to an incompatible dtype float32",
    ]
    assert [text for text in quoted if text not in joined and text not in system] == []


def test_files_that_pages_show_are_there() -> None:
    for page in PAGES:
        for target in re.findall(r"^```{literalinclude} (.*)$", page.read_text(), re.MULTILINE):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", sionna_semcom.__all__)
def test_page_of_a_package_lists_everything_public(name: str) -> None:
    package = getattr(sionna_semcom, name)
    is_package = isinstance(package, ModuleType)
    page = (ROOT / "docs" / "reference" / f"{name if is_package else 'systems'}.md").read_text()
    documented = re.findall(r"sionna_semcom\.[\w.]*\w", page)
    if not is_package:
        assert f"sionna_semcom.{name}" in documented
        return
    missing = [
        name
        for name in package.__all__
        if f"{package.__name__}.{name}" not in documented
        and getattr(getattr(package, name), "__module__", "") not in documented
    ]
    assert not missing


@pytest.mark.slow
def test_pages_build_without_warnings(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_parser")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
