# SPDX-License-Identifier: Apache-2.0
"""Pages, docstrings and comments contain no phrases that are hard to understand.

`DISCOURAGED` lists phrases with a better wording. The list is checked in all pages and folders,
except those in `PENDING`, which have not been revised yet.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PENDING = ("tests/integration/test_language.py",)
DISCOURAGED = {
    r"\banew\b": "again; newly trained",
    r"\bas (it is|they are)\b(?! (now|not))": "unchanged; without augmentation",
    r"\bby (itself|themselves)\b": "automatically",
    r"\bbehind (each |one an)other\b": "concatenated",
    r"\bcom(e|es) back\b": "is reconstructed; is returned",
    r"\bcross(es)? (the|a) (link|channel)\b": "is transmitted over the link",
    r"\bdeceiv\w*": "fool (a discriminator)",
    r"\bfresh (discriminators|classifiers)\b": "newly trained discriminators",
    r"\bgives? back\b": "returns",
    r"\bgo(es)? on\b": "resumes; continues",
    r"\bhowever rudely\b": "repeating the command resumes an interrupted run",
    r"\b(is|are) refused\b": "raises an error",
    r"\b(is|are|be) told\b": "receives; knows",
    r"\bRefuse\b": "Check that ...",
    r"\bif there is one\b": "optionally",
    r"\bin (the )?place of\b": "instead of",
    r"\bjudges (of|what)\b": "classifiers of reconstructions",
    r"\bmeans? the same\b": "have the same meaning",
    r"\bnever met\b": "were trained separately",
    r"\bnothing \(null\)": "null",
    r"\bnothing else changes\b": "the rest does not change",
    r"\bof one's own\b": "your own",
    r"\bone a (slot|sample|frame|point|modality|task)\b": "one per slot",
    r"\b(symbols|numbers|samples|batches|bits|frames|uses|latents) a "
    r"(slot|sample|batch|second|latent|symbol|pass)\b": "symbols per slot",
    r"\bsays? so\b": "raises an error; reports",
    r"\bsays? (alone|together|only)\b": "contains (information)",
    r"\b(said|say|told) otherwise\b": "unless stated otherwise; by default",
    r"\bstands? (for|between|behind|where)\b": "denotes; connects; replaces",
    r"\btakes? turns?\b|\btake turns\b": "alternate; use orthogonal resources",
    r"\bthe print\b|\bthat the paper prints\b": "the published equations",
    r"\bthe one that\b": "repeat the noun",
    r"\bthose that\b": "repeat the noun",
    r"\bthose to whom\b|\bwhoever\b": "name the person or the part of the program",
    r"\bthose very ones\b|\bthese very ones\b": "repeat the noun",
    r"\btrained apart\b": "trained separately",
    r"\bwhatever\b": "any; independent of",
    r"\bwhence\b": "therefore; this explains",
    r"\bwhich is that of\b": "equals the ... of",
    r"\bwhole or not at all\b": "atomically",
    r"\b(what|whether) (it|they) says?\b": "the content",
    r"(?<!#\s)\bWhat [^.?!]*[.;]": "start with the noun",
    r"\b(of|in|from|by|with|than) what\b": "the noun",
    r"\bwhat (is|are|was|were|they) (?!wrong\b)": "the noun",
    r", of which\b": "start a new sentence",
    r"`` (is|are) no (?!longer\b|more\b)": "is not a",
    r"\bso that\b[^.:;]*\bso that\b": "two sentences",
    r"\b(some|any|no)body\b": "name the person or the part of the program",
    r"\btakes? for\b": "treats as",
    r"\bbehind (it|them|this|the (prefix|cyclic))\b": "beyond; after",
    r"\bbeside (a|it|its|what|metrics)\b": "in addition to",
    r"\b(That|Those) of\b": "repeat the noun",
    r"\b(new|fresh) ones\b": "repeat the noun",
    r"\bnone if\b": "`None` if",
    r"\bRefused\b": "raises an error",
    r"\b(drawn|draws?) (afresh|fresh)\b": "newly drawn",
    r"\bthe other way round\b": "in the opposite direction",
    r"\bin the manner of\b": "similar to",
    r"\bmeets? (the same|other|different)\b": "use the same",
    r"\bas they (come|stand)\b": "in the order of the file",
    r"\bwhat (arrive[sd]|comes|came)\b": "the received signal",
    r"\bwhat is there\b": "the available ...",
}


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Line (from 0) and message of each discouraged phrase, which may span lines."""
    for pattern, better in DISCOURAGED.items():
        flags = 0 if re.search(r"\\b\(?[A-Z]", pattern) else re.IGNORECASE
        for match in re.finditer(pattern.replace(" ", r"[\s#]+"), text, flags):
            phrase = " ".join(match[0].split())
            yield text.count("\n", 0, match.start()), f"{phrase!r}: better {better!r}"


def prose_of_page(text: str) -> str:
    """Page without code blocks and tables, with the same line numbers."""
    code = re.compile(r"^```.*?^```|^\|[^\n]*|<!--.*?-->", re.DOTALL | re.MULTILINE)
    return code.sub(lambda block: "\n" * block[0].count("\n"), text)


def prose_of_module(text: str) -> Iterator[tuple[int, str]]:
    """First line and text of all docstrings, docstrings of fields, error messages and comments."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield node.lineno, node.value.value
        if isinstance(node, ast.Raise):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def revised(pattern: str) -> list[Path]:
    paths = (path for path in sorted(ROOT.glob(pattern)) if "_build" not in path.parts)
    return [path for path in paths if not str(path.relative_to(ROOT)).startswith(PENDING)]


@pytest.mark.parametrize(
    "pattern",
    [
        "*.md",
        "docs/**/*.md",
        "docs/**/*.py",
        "sionna_semcom/**/*.py",
        "tests/**/*.py",
        "benchmarks/*.py",
    ],
)
def test_prose_is_plain(pattern: str) -> None:
    found = []
    for path in revised(pattern):
        if path.name == "CHANGELOG.md":
            continue
        text = path.read_text(encoding="utf-8")
        parts = [(1, prose_of_page(text))] if path.suffix == ".md" else prose_of_module(text)
        for first, part in parts:
            place = path.relative_to(ROOT)
            found += [f"{place}:{first + line}: {message}" for line, message in findings(part)]
    assert not found, "\n" + "\n".join(found)


def test_phrases_are_found_with_their_lines() -> None:
    page = "A link.\n\n```python\nanew\n```\n| anew |\nNetworks that were trained\napart.\n"
    assert findings_of(prose_of_page(page)) == [(6, "trained apart")]
    module = '"""A module."""\n\nx = "anew"\n# sent in place\nraise ValueError(f"a {x}")\n'
    assert [line for line, _ in prose_of_module(module)] == [1, 5, 4]
    assert findings_of("Sent in\nplace of three, anew.") == [(0, "in place of"), (1, "anew")]


@pytest.mark.parametrize(
    "riddle",
    [
        "What arrives is noise.",
        "The power of what arrives",
        "Slots, of which some are empty",
        "If ``x`` is no number",
        "Sorted so that it\nis fast, so that all wait",
        "That of the link.",
    ],
)
def test_riddles_are_found(riddle: str) -> None:
    assert findings_of(riddle)


@pytest.mark.parametrize(
    "plain",
    [
        "# What changes\n\nA line.",
        "It does what you want.",
        "some of which fail",
        "``x`` is no longer",
    ],
)
def test_plain_phrases_are_not_found(plain: str) -> None:
    assert not findings_of(plain)


def findings_of(text: str) -> list[tuple[int, str]]:
    return sorted((line, message.split("'")[1]) for line, message in findings(text))
