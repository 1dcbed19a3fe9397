# SPDX-License-Identifier: Apache-2.0
"""JSON Schema of studies, for completion and checks in editors."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from sionna_semcom._parts.schema import REGISTRY, whole_schema
from sionna_semcom.datasets import DATASETS
from sionna_semcom.link import LINKS
from sionna_semcom.metrics import METRICS
from sionna_semcom.simulation.studies.study import Study
from sionna_semcom.systems import SYSTEMS

STUDIES = sorted((Path(__file__).parents[3] / "link_sims").glob("*.yaml"))


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(json.dumps(whole_schema(Study)))


def nodes(node: Any):
    """All objects of a document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from nodes(child)


def test_all_references_lead_somewhere(schema):
    names = {one["$ref"] for one in nodes(schema) if "$ref" in one}
    assert {name.removeprefix("#/$defs/") for name in names} <= set(schema["$defs"])
    assert not [one for one in nodes(schema) if REGISTRY in one]


@pytest.mark.parametrize(
    "registry", [LINKS, SYSTEMS, DATASETS, METRICS], ids=lambda registry: registry.sort
)
def test_all_parts_are_there_with_all_their_arguments(schema, registry):
    mapping = schema["$defs"][registry.sort]["discriminator"]["mapping"]
    assert set(mapping) == set(registry)
    for kind, reference in mapping.items():
        properties = schema["$defs"][reference.rpartition("/")[2]]["properties"]
        assert set(properties) == set(registry[kind].settings_class.model_fields)
        assert properties["kind"]["const"] == kind


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_shipped_study_keeps_the_schema(schema, path):
    document = yaml.safe_load(path.read_text())
    assert problems(document, schema, schema["$defs"]) == []


def test_a_wrong_study_does_not(schema):
    document = yaml.safe_load(STUDIES[0].read_text())
    document["evaluation"]["snr"] = 3
    assert problems(document, schema, schema["$defs"]) == ["evaluation: unknown snr"]


TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def problems(value: Any, schema: dict, defs: dict, where: str = "") -> list[str]:
    """Violations of ``schema`` by a value: types, keys, constants and alternatives."""
    if "$ref" in schema:
        return problems(value, defs[schema["$ref"].rpartition("/")[2]], defs, where)
    if "discriminator" in schema:
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind not in (mapping := schema["discriminator"]["mapping"]):
            return [f"{where}: no kind {kind}"]
        return problems(value, {"$ref": mapping[kind]}, defs, where)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            found = [problems(value, one, defs, where) for one in schema[key]]
            return [] if [] in found else min(found, key=len)
    if "const" in schema or "enum" in schema:
        known = schema.get("enum", [schema.get("const")])
        return [] if value in known else [f"{where}: {value} is none of {known}"]
    kind = schema.get("type")
    if kind == "number":
        value = as_in_editors(value)
        right = isinstance(value, float | int) and not isinstance(value, bool)
    else:
        right = kind is None or isinstance(value, TYPES[kind])
    if not right:
        text_of_infinity = kind == "string" and isinstance(value, float) and math.isinf(value)
        return [] if text_of_infinity else [f"{where}: {value} is no {kind}"]
    if isinstance(value, list):
        items = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        pairs = zip(value, items, strict=True)
        return [p for one, item in pairs for p in problems(one, item, defs, where)]
    return _problems_of_keys(value, schema, defs, where) if isinstance(value, dict) else []


def as_in_editors(value: Any) -> Any:
    """Convert numbers such as 3.5e9, which are text in YAML 1.1 and numbers in YAML 1.2."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _problems_of_keys(value: dict, schema: dict, defs: dict, where: str) -> list[str]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties", {})
    rest = next(iter(schema.get("patternProperties", {}).values()), rest)
    unknown = [key for key in value if key not in properties and rest is False]
    missing = [key for key in schema.get("required", ()) if key not in value]
    found = [f"{where}: unknown {key}" for key in unknown]
    found += [f"{where}: {key} is missing" for key in missing]
    for key, one in value.items():
        if key not in unknown:
            below = f"{where}.{key}" if where else key
            found += problems(one, properties.get(key, rest or {}), defs, below)
    return found
