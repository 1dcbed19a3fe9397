# SPDX-License-Identifier: Apache-2.0
"""One-line messages for invalid settings with the field, the value and the accepted values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from .._messages import did_you_mean, listed, shortened
from .schema import whole_schema
from .settings import Settings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONGEST = 1500  # maximum length of a message
_MOST_ALTERNATIVES = 8


def explain(error: ValidationError, document: Any, model: type[Settings]) -> str:
    """One-line message for the first error in ``document``, which does not validate as ``model``.

    Other invalid fields are named. The length of the message is bounded.
    """
    details = error.errors(include_url=False)
    fields = [_field(detail, document) for detail in details]
    first, field = details[0], fields[0]
    others = dict.fromkeys(_cut(name) for name in fields if name != field)
    more = f"; also wrong: {listed(others)}" if others else ""
    field = _cut(field)
    if first["type"] == "extra_forbidden":
        known = _known_keys(whole_schema(model), document, first["loc"][:-1])
        hint = did_you_mean(first["loc"][-1], known)
        return f"unknown key {field}; known are {', '.join(known)}{more}{hint}"
    if first["type"] == "missing":
        return f"{field} is missing{more}"
    # Each alternative of a union has its own message
    same = [d for d, name in zip(details, fields, strict=True) if name == fields[0]]
    text = ", or ".join(dict.fromkeys(map(_message, same[:_MOST_ALTERNATIVES])))
    if "Received" not in text and not isinstance(first["input"], dict):
        text += f". Received: {shortened(first['input'])}"
        if first["type"] == "literal_error":
            text += did_you_mean(first["input"], re.findall("'([^']*)'", first["ctx"]["expected"]))
    return f"{field}: {text}{more}" if field else text + more


def _message(detail: ErrorDetails) -> str:
    """Message of pydantic in terms of YAML."""
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "union_tag_invalid":  # the message contains the whole value
        tag = str(detail["ctx"]["tag"])
        message = message.replace(tag, shortened(tag, 60).strip("'\""), 1)
    elif detail["type"] in ("list_type", "tuple_type"):
        message += " in brackets, such as [a, b]"
    message = " ".join(message[:_LONGEST].split())
    return message.replace("tuple", "list").replace("Tuple", "List")


def _field(detail: ErrorDetails, document: Any) -> str:
    """Dotted key in ``document``, without pydantic's names of alternatives."""
    path, node = [], document
    for part in detail["loc"]:
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        elif detail["type"] == "extra_forbidden" and part is detail["loc"][-1]:
            pass  # a key that is not a string
        else:
            continue
        path.append(str(part))
    if detail["type"] == "missing":
        path.append(str(detail["loc"][-1]))
    return ".".join(path)


def _cut(field: str) -> str:
    """Shorten a key of a document."""
    return field if len(field) <= 100 and field.isprintable() else shortened(field, 100)


def _known_keys(schema: dict[str, Any], document: Any, location: Sequence[str | int]) -> list[str]:
    """Valid keys at ``location`` of ``document`` in the JSON schema, ``kind`` first."""
    node = schema
    for part in location:
        node = _resolved(node, document, schema["$defs"])
        if isinstance(document, dict) and part in document:
            named = node.get("properties", {}).get(part)
            others = [*node.get("patternProperties", {}).values(), {}]
            node = named or node.get("additionalProperties", others[0])
        elif isinstance(document, list) and isinstance(part, int):
            node = node.get("items", {})
        else:  # pydantic's name of an alternative
            continue
        document = document[part]
    known = _resolved(node, document, schema["$defs"]).get("properties", {})
    return sorted(known, key=lambda name: name != "kind")


def _resolved(node: dict[str, Any], document: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Resolve references and alternatives of a JSON schema ``node`` for ``document``."""
    if "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]]
    elif "discriminator" in node and isinstance(document, dict):
        chosen = node["discriminator"]["mapping"].get(document.get("kind"))
        node = {"$ref": chosen} if chosen else {}
    elif "allOf" in node:  # form of a model with a default in pydantic 2.8
        node = node["allOf"][0]
    elif "anyOf" in node:
        node = next((one for one in node["anyOf"] if "$ref" in one or "properties" in one), {})
    else:
        return node
    return _resolved(node, document, definitions)
