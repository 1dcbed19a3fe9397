# SPDX-License-Identifier: Apache-2.0
"""Commands ``list``, ``schema`` and ``info``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from .._files import atomic_path
from .._parts.arguments import Argument, arguments
from .terminal import console, load_tensorflow, report_errors, say


@report_errors
def list_parts(
    kind: Annotated[str | None, typer.Argument(help="Show the arguments of this kind.")] = None,
) -> None:
    """List the systems, links, data sets and metrics of studies."""
    load_tensorflow()
    from ..simulation.studies.catalog import catalog, part

    if kind is not None:
        chosen = part(kind)
        console.print(Text(f"{kind}: {chosen.summary}"), _arguments_table(chosen.settings))
        return
    for title, entries in catalog().items():
        table = Table(title=title, title_justify="left", title_style="bold", box=None)
        table.add_column(style="cyan", no_wrap=True)
        table.add_column()
        for name, summary in entries.items():
            table.add_row(Text(name), Text(summary))
        console.print(table, "")


def _arguments_table(settings: type) -> Table:
    table = Table(box=None)
    for column in ("argument", "type", "default", ""):
        table.add_column(column, style="cyan" if column == "argument" else None)
    for argument in arguments(settings):
        table.add_row(*map(Text, _row(argument)))
    return table


def _row(argument: Argument) -> tuple[str, str, str, str]:
    default = "required" if argument.required else repr(argument.default)
    return argument.name, argument.type, default, argument.description


@report_errors
def schema(
    out: Annotated[Path | None, typer.Option(help="File; by default the schema is shown.")] = None,
) -> None:
    """Write the JSON Schema of studies, for completion and checks in editors.

    The first line of a study file refers to it: # yaml-language-server: $schema=study.schema.json
    """
    load_tensorflow()
    from .._parts.schema import whole_schema
    from ..simulation import Study

    text = json.dumps(whole_schema(Study), indent=1) + "\n"
    if out is None:
        console.out(text, end="", highlight=False)
        return
    with atomic_path(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    say(f"Schema: {out}")


@report_errors
def info() -> None:
    """Show versions, devices, and the folders of data and models."""
    load_tensorflow()
    import tensorflow as tf

    from ..datasets.folder import DATA_VARIABLE
    from ..simulation.results.result import package_versions
    from ..simulation.studies.study import MODELS_VARIABLE

    devices = [device.name for device in tf.config.list_logical_devices()]
    rows = {
        **package_versions(),
        "devices": ", ".join(devices),
        "data": os.environ.get(DATA_VARIABLE, f"built in only ({DATA_VARIABLE} is not set)"),
        "models": os.environ.get(
            MODELS_VARIABLE,
            f"../models next to a study, and shipped ({MODELS_VARIABLE} is not set)",
        ),
    }
    table = Table(box=None, show_header=False)
    for name, value in rows.items():
        table.add_row(Text(name, style="cyan"), Text(value))
    console.print(table)
