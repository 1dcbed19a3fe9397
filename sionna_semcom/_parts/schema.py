# SPDX-License-Identifier: Apache-2.0
"""JSON schemas of settings that contain parts of registries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .settings import Settings

REGISTRY = "x-registry"
"""Placeholder in a JSON schema for the settings of any part of a registry"""
REGISTRIES: dict[str, Any] = {}
"""All registries by their sort"""


def whole_schema(settings: type[Settings]) -> dict[str, Any]:
    """JSON schema of ``settings``, including the settings of all parts of registries.

    Parts may contain parts, also of their own registry. Each part is therefore defined once, in
    ``$defs``.
    """
    definitions: dict[str, Any] = {}
    schema = _collected(settings.model_json_schema(), definitions)
    return {**schema, "$defs": definitions}


def _collected(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Move the definitions of ``schema``, and all their references, to ``definitions``."""
    for name, definition in schema.pop("$defs", {}).items():
        if name not in definitions:
            definitions[name] = {}  # it may refer to itself
            definitions[name] = _collected(definition, definitions)
    found: dict[str, Any] = _replaced(schema, definitions)
    return found


def _replaced(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_replaced(one, definitions) for one in node]
    if not isinstance(node, Mapping):
        return node
    if REGISTRY in node:
        others = {key: value for key, value in node.items() if key != REGISTRY}
        return {**others, "$ref": f"#/$defs/{_any_part(node[REGISTRY], definitions)}"}
    return {key: _replaced(value, definitions) for key, value in node.items()}


def _any_part(sort: str, definitions: dict[str, Any]) -> str:
    """Name of the definition of all parts of the registry ``sort``."""
    if sort not in definitions:
        definitions[sort] = {}
        mapping = {}
        for kind, part in REGISTRIES[sort].items():
            settings = part.settings_class
            if settings.__name__ not in definitions:
                definitions[settings.__name__] = {}
                schema = settings.model_json_schema()
                definitions[settings.__name__] = _collected(schema, definitions)
            mapping[kind] = f"#/$defs/{settings.__name__}"
        definitions[sort] = {
            "oneOf": [{"$ref": reference} for reference in mapping.values()],
            "discriminator": {"propertyName": "kind", "mapping": mapping},
        }
    return sort
