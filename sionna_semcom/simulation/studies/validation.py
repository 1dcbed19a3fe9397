# SPDX-License-Identifier: Apache-2.0
"""Wrong settings explained in one line: the field, the value, and what would be accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from ..._messages import listed, shortened

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONGEST = 1500  # characters of a message
_MOST_ALTERNATIVES = 8


def explain(error: ValidationError, document: Any, model: type[BaseModel]) -> str:
    """Say what is wrong first in ``document``, which ``model`` refused with ``error``.

    Other fields that are wrong are named; the line is short however large the document is.
    """
    details = error.errors(include_url=False)
    fields = [_field(detail, document) for detail in details]
    first, field = details[0], fields[0]
    others = dict.fromkeys(_cut(name) for name in fields if name != field)
    more = f"; also wrong: {listed(others)}" if others else ""
    field = _cut(field)
    if first["type"] == "extra_forbidden":
        known = _known_keys(model.model_json_schema(), first["loc"][:-1])
        return f"unknown key {field}; known are {', '.join(known)}{more}"
    if first["type"] == "missing":
        return f"{field} is missing{more}"
    # Each alternative of a union refuses the value with a message of its own
    same = [d for d, name in zip(details, fields, strict=True) if name == fields[0]]
    text = ", or ".join(dict.fromkeys(map(_message, same[:_MOST_ALTERNATIVES])))
    if "Received" not in text and not isinstance(first["input"], dict):
        text += f". Received: {shortened(first['input'])}"
    return f"{field}: {text}{more}" if field else text + more


def _message(detail: ErrorDetails) -> str:
    """What is wrong, in words of YAML."""
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "union_tag_invalid":  # it quotes the value, however long
        tag = str(detail["ctx"]["tag"])
        message = message.replace(tag, shortened(tag, 60).strip("'\""), 1)
    message = " ".join(message[:_LONGEST].split())
    return message.replace("tuple", "list").replace("Tuple", "List")


def _field(detail: ErrorDetails, document: Any) -> str:
    """Dotted key in ``document``, without the names that pydantic gives to alternatives."""
    path, node = [], document
    for part in detail["loc"]:
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        elif detail["type"] == "extra_forbidden" and part is detail["loc"][-1]:
            pass  # a key that is no string
        else:
            continue
        path.append(str(part))
    if detail["type"] == "missing":
        path.append(str(detail["loc"][-1]))
    return ".".join(path)


def _cut(field: str) -> str:
    """A key of a document, which may be anything, in short."""
    return field if len(field) <= 100 and field.isprintable() else shortened(field, 100)


def _known_keys(schema: dict[str, Any], location: Sequence[str | int]) -> list[str]:
    """Keys that the JSON schema knows at ``location``, ``kind`` first."""

    def resolve(node: dict[str, Any]) -> dict[str, Any]:
        node = node.get("anyOf", [node])[0]
        name = node.get("$ref", "").rpartition("/")[2]
        return schema["$defs"][name] if name else node

    node = schema
    for part in location:
        if "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"].get(part, "")}
        elif part in node.get("properties", {}):
            node = node["properties"][part]
        else:
            patterned = [*node.get("patternProperties", {}).values(), {}]
            node = node.get("items", node.get("additionalProperties", patterned[0]))
        node = resolve(node)
    return sorted(node.get("properties", {}), key=lambda name: name != "kind")
