# SPDX-License-Identifier: Apache-2.0
"""Arguments of a part from its settings, for signatures, docstrings and tables."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from .schema import REGISTRY
from .settings import Settings

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}
_ROLE = re.compile(r":\w+:`~?([^`]*)`|``")
_NAMES = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "object": "dict"}


@dataclass(frozen=True)
class Argument:
    """Argument of a part.

    Parameters
    ----------
    name : `str`
        Name in Python and in studies
    type : `str`
        Type and range in words, such as ``int, at least 1``
    default : `object`
        Default, or :attr:`inspect.Parameter.empty` if it is required
    description : `str`
        Description
    """

    name: str
    type: str
    default: Any
    description: str

    @property
    def required(self) -> bool:
        """Whether the argument has no default."""
        return self.default is inspect.Parameter.empty


def arguments(settings: type[Settings]) -> list[Argument]:
    """Arguments of ``settings`` in the order of their declaration, without ``kind``."""
    schema = settings.model_json_schema()
    properties, definitions = schema.get("properties", {}), schema.get("$defs", {})
    return [
        Argument(
            name,
            type_in_words(properties[name], definitions),
            default_of(field),
            " ".join((field.description or "").split()),
        )
        for name, field in settings.model_fields.items()
        if name != "kind"
    ]


def summary(part: type) -> str:
    """First line of the docstring of a part, without markup."""
    lines = (part.__doc__ or "").strip().splitlines()
    return _ROLE.sub(r"\1", lines[0]) if lines else ""


def default_of(field: FieldInfo) -> Any:
    """Default of a field, or :attr:`inspect.Parameter.empty`."""
    if field.is_required():
        return inspect.Parameter.empty
    return field.get_default(call_default_factory=True)


def type_in_words(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Type and range of a JSON schema in words, such as ``float, at least 0, below 1``."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return type_in_words(definitions[name], definitions) if name in definitions else name
    for together in ("anyOf", "oneOf", "allOf"):
        if together in schema:
            members = (type_in_words(member, definitions) for member in schema[together])
            return " | ".join(dict.fromkeys(members))
    if REGISTRY in schema:
        return f"settings of any of the {schema[REGISTRY]}"
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(map(_literal, schema["enum"]))
    kind = schema.get("type")
    if kind == "null":
        return "None"
    if kind == "array":
        return _array(schema, definitions)
    if values := _values_of(schema):
        return f"dict of {' | '.join(type_in_words(one, definitions) for one in values)}"
    if kind == "object" and "title" in schema:
        return str(schema["title"])
    bounds = [words.format(f"{schema[key]:g}") for key, words in _BOUNDS.items() if key in schema]
    return ", ".join([_NAMES.get(str(kind), "any"), *bounds])


def _values_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Schemas of the values of a dictionary, with or without a pattern for keys."""
    values = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    return [one for one in values if isinstance(one, Mapping)]


def _array(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        members = (type_in_words(member, definitions) for member in schema["prefixItems"])
        return f"({', '.join(members)})"
    return f"sequence of {type_in_words(schema.get('items', {}), definitions)}"


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
