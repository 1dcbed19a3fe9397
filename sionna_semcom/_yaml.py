# SPDX-License-Identifier: Apache-2.0
"""Safe reading of untrusted YAML."""

from __future__ import annotations

from typing import Any

import yaml

from ._limits import brief

_LENGTH = 2**20
_DEPTH = 32
_NODES = 50_000  # reading them takes three seconds
_DIGITS = 100
_COLLIDING = 2**63  # hashes of larger integers collide, which makes dictionaries slow
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MERGE = "tag:yaml.org,2002:merge"


def load_yaml(text: str, where: str) -> Any:
    """Read one YAML document of plain values: mappings, lists, numbers, strings.

    Parameters
    ----------
    text : `str`
        The document
    where : `str`
        Name of the document in messages

    Raises
    ------
    ValueError
        If the document is not valid YAML, has a tag that does not fit its value, a repeated key, a
        number of more than 100 characters or an unpaired surrogate, is nested deeper than 32
        levels, or has more than 50,000 values after aliases are expanded
    """
    if len(text) > _LENGTH:
        raise ValueError(f"{where} is not YAML of at most {_LENGTH} characters: {len(text)}")
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        problem = brief(error.problem or error.context)
        raise ValueError(f"{where} is not YAML: {problem}{place}") from error
    except Exception as error:  # a tag that does not fit its value can raise any exception
        raise ValueError(f"{where} is not YAML: {brief(error)}") from error


class _Loader(yaml.SafeLoader):
    """Safe loader with limits for depth and size."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        self._written = 0
        self._sizes: dict[int, int] = {}  # number of nodes below each node, with aliases expanded

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        self._depth += 1
        if self._depth > _DEPTH:
            raise _error(f"it is nested deeper than {_DEPTH} levels", event.start_mark)
        is_alias = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        self._depth -= 1
        if not is_alias:
            self._written += 1
            self._sizes[id(node)] = 1 + sum(self._sizes[id(part)] for part in _parts(node))
        elif id(node) not in self._sizes:
            raise _error("an alias is part of its own value", event.start_mark)
        if max(self._sizes[id(node)], self._written) > _NODES:
            raise _error(f"it has more than {_NODES} values, aliases included", event.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        keys = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                value = self.construct_object(key)
                if isinstance(value, int) and abs(value) >= _COLLIDING:
                    raise _error(f"a key is too large: {brief(value, 60)}", key.start_mark)
                if value in keys:
                    raise _error(f"the key {brief(value)!r} is repeated", key.start_mark)
                keys.add(value)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode):
            if node.tag in _NUMBERS and len(node.value) > _DIGITS:
                raise _error(f"a number has {len(node.value)} characters", node.start_mark)
            if any("\ud800" <= letter <= "\udfff" for letter in node.value):
                raise _error("a string has an unpaired surrogate", node.start_mark)
        try:
            return super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except Exception as error:
            kind = node.tag.rpartition(":")[2]
            problem = f"{brief(node.value, 60)!r} is not of type {kind}"
            raise _error(problem, node.start_mark) from error


def _parts(node: yaml.Node | None) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _error(problem: str, mark: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
