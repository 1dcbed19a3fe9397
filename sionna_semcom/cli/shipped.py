# SPDX-License-Identifier: Apache-2.0
"""Commands ``studies`` and ``models``: shipped studies and trained models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from .. import _shipped
from .._files import atomic_path
from .._messages import did_you_mean
from .terminal import console, report_errors, say


@report_errors
def studies(
    name: Annotated[str | None, typer.Argument(help="Show this study.")] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy it to NAME.yaml in this folder.")
    ] = False,
) -> None:
    """List the shipped studies with their questions, or show or copy a study."""
    known = _shipped.studies()
    if name is None:
        if copy:
            raise ValueError("--copy needs the name of a study")
        _list({study: _shipped.question(path) for study, path in known.items()})
        return
    text = _one_of(known, name, "study").read_text(encoding="utf-8")
    if not copy:
        console.out(text, end="", highlight=False)
        return
    target = Path(f"{name}.yaml")
    if target.exists():
        raise FileExistsError(f"{target} exists already; rename or edit it")
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    say(f"Study: {target}")


@report_errors
def models(
    name: Annotated[str | None, typer.Argument(help="Show the card of this model.")] = None,
) -> None:
    """List the shipped trained models, or show the card of a model."""
    known = _shipped.models()
    if name is None:
        _list({model: _shipped.description(card) for model, card in known.items()})
        return
    card = _one_of(known, name, "model").read_text(encoding="utf-8")
    console.print(Markdown(card))


def _one_of(known: Mapping[str, Path], name: str, kind: str) -> Path:
    if name not in known:
        raise ValueError(
            f"No {kind} of this name is shipped. Omit the name to list all. Received: {name!r}"
            + did_you_mean(name, known)
        )
    return known[name]


def _list(entries: Mapping[str, str]) -> None:
    table = Table(box=None, show_header=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for name, line in entries.items():
        table.add_row(Text(name), Text(line))
    console.print(table)
