# SPDX-License-Identifier: Apache-2.0
"""Write the tables of settings and commands on the pages: ``python docs/make_tables.py``.

A table is between ``<!-- settings <module>:<class> -->``, or ``<!-- settings of all <sort> -->``
for the parts of a registry, and ``<!-- end -->``. It comes from the declarations. The commands are
between ``<!-- commands -->`` and the same end.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

import typer
from pydantic import BaseModel

from sionna_semcom._parts import Argument, Settings, arguments, summary
from sionna_semcom._parts.schema import REGISTRIES
from sionna_semcom.cli.app import app
from sionna_semcom.datasets import DataSettings
from sionna_semcom.simulation import Study  # noqa: F401  declares all parts

DOCS = Path(__file__).parent
_HEAD = "| setting | type | default | |\n|---|---|---|---|\n"
_TABLE = re.compile(r"(<!-- settings (?:of all (\w+)|([\w.:]+)) -->\n).*?(<!-- end -->)", re.DOTALL)
_COMMANDS = re.compile(r"(<!-- commands -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """Text of a page with updated tables."""
    page = _COMMANDS.sub(lambda found: f"{found[1]}{_commands()}{found[2]}", page)
    return _TABLE.sub(lambda found: f"{found[1]}{_content(found[2], found[3])}{found[4]}", page)


def _commands() -> str:
    """A section for each command: its arguments and options, and what it does."""
    sections = []
    for command in app.registered_commands:
        callback: Any = command.callback
        name = command.name or callback.__name__
        parameters = inspect.signature(callback, eval_str=True).parameters.values()
        rows = sorted(map(_parameter, parameters))
        words = ["[OPTIONS]", *(row.usage for row in rows if not row.is_option)]
        lines = [f"\n## {name}\n"]
        lines.append(f"```text\nsionna-semcom {name} {' '.join(words)}\n```\n")
        lines.append(inspect.cleandoc(callback.__doc__) + "\n")
        if rows:
            lines.append("| | default | |\n|---|---|---|")
            lines += [f"| `{row.usage}` | {row.default} | {row.text} |" for row in rows]
        sections.append("\n".join(lines) + "\n")
    return "".join([*sections, "\n"])


class _Parameter(NamedTuple):
    is_option: bool
    usage: str
    default: str
    text: str


def _parameter(parameter: inspect.Parameter) -> _Parameter:
    """Argument or option of a command, with its placeholder."""
    kind, info = get_args(parameter.annotation)[:2]
    is_option = isinstance(info, typer.models.OptionInfo)
    metavar = info.metavar or parameter.name.upper()
    if not is_option and parameter.default is not inspect.Parameter.empty:
        metavar = f"[{metavar}]"
    given = [info.default, *(info.param_decls or ()), f"--{parameter.name.replace('_', '-')}"]
    name = next(one for one in given if str(one).startswith("--"))
    usage = (name if kind is bool else f"{name} {metavar}") if is_option else metavar
    plain = parameter.default in (None, False, inspect.Parameter.empty)
    default = "" if plain else f"`{_value(parameter.default)}`"
    return _Parameter(is_option, usage, default, (info.help or "").replace("|", r"\|"))


def _content(sort: str | None, path: str | None) -> str:
    if sort is not None:
        return "\n" + "".join(
            _section(kind, part) for kind, part in sorted(REGISTRIES[sort].items())
        )
    module, _, name = str(path).partition(":")
    return "\n" + _table(getattr(importlib.import_module(module), name))


def _section(kind: str, part: Any) -> str:
    """A part with the first line of its docstring and its settings, if it is of this package."""
    if not part.__module__.startswith("sionna_semcom."):
        return ""
    names = part.default_modalities() if issubclass(part, DataSettings) else ()
    modalities = f" Modalities: {', '.join(f'`{name}`' for name in names)}." if names else ""
    return f"**`{kind}`** {summary(part)}{modalities}\n\n{_table(part.settings_class)}"


def _table(settings: type[Settings]) -> str:
    rows = [
        f"| `{one.name}` | {_row(one, settings.model_fields[one.name].annotation)} |\n"
        for one in arguments(settings)
    ]
    return "".join([_HEAD, *rows, "\n"]) if rows else ""


def _row(argument: Argument, annotation: Any) -> str:
    default = "required" if argument.required else f"`{_value(argument.default)}`"
    text = argument.description.replace("``", "`") or _meaning(annotation)
    return " | ".join(cell.replace("|", r"\|") for cell in (argument.type, default, text))


def _meaning(annotation: Any) -> str:
    """First line of the docstrings of the settings that an argument consists of."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return summary(annotation).removesuffix(".")
    return "; ".join(filter(None, map(_meaning, get_args(annotation))))


def _value(value: Any) -> str:
    """A default as YAML has it."""
    if isinstance(value, BaseModel):
        kind = {"kind": value.kind} if "kind" in type(value).model_fields else {}
        return _value(kind | value.model_dump(exclude_defaults=True))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    words = {"None": "null", "True": "true", "False": "false", "": '""'}
    return words.get(str(value), str(value))


if __name__ == "__main__":
    for path in sorted(DOCS.rglob("*.md")):
        path.write_text(with_tables(path.read_text()))
