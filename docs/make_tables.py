# SPDX-License-Identifier: Apache-2.0
"""Write the tables of settings on the pages: ``python docs/make_tables.py``.

A table stands between ``<!-- settings <module>:<class> -->``, or ``<!-- settings of all <sort>
-->`` for the parts of a registry, and ``<!-- end -->``. It comes from the declarations.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sionna_semcom._parts import Argument, Settings, arguments
from sionna_semcom._parts.schema import REGISTRIES
from sionna_semcom.simulation import Study  # noqa: F401  declares all parts

DOCS = Path(__file__).parent
_TABLE = re.compile(r"(<!-- settings (?:of all (\w+)|([\w.:]+)) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(page: str) -> str:
    """Text of a page with its tables written anew."""
    return _TABLE.sub(lambda found: f"{found[1]}{_content(found[2], found[3])}{found[4]}", page)


def _content(sort: str | None, path: str | None) -> str:
    if sort is not None:
        return "".join(_section(kind, part) for kind, part in REGISTRIES[sort].items())
    module, _, name = str(path).partition(":")
    return _table(getattr(importlib.import_module(module), name))


def _section(kind: str, part: Any) -> str:
    """A part with the first line of its docstring and its settings, if it is of this package."""
    if not part.__module__.startswith("sionna_semcom."):
        return ""
    summary = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", part.__doc__.strip().splitlines()[0])
    return f"**`{kind}`** {summary}\n\n{_table(part.settings_class)}\n"


def _table(settings: type[Settings]) -> str:
    rows = [f"| `{one.name}` | {_row(one)} |\n" for one in arguments(settings)]
    return "".join(["| setting | type | default | |\n", "|---|---|---|---|\n", *rows]) * bool(rows)


def _row(argument: Argument) -> str:
    default = "required" if argument.required else f"`{_value(argument.default)}`"
    text = argument.description.replace("``", "`")
    return " | ".join(cell.replace("|", r"\|") for cell in (argument.type, default, text))


def _value(value: Any) -> str:
    """A default as YAML has it."""
    if isinstance(value, BaseModel):
        return _value(value.model_dump(exclude_defaults="kind" not in type(value).model_fields))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, float):
        return f"{value:g}"
    words = {"None": "null", "True": "true", "False": "false", "": '""'}
    return words.get(str(value), str(value))


if __name__ == "__main__":
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(with_tables(path.read_text()))
