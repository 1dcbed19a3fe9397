# SPDX-License-Identifier: Apache-2.0
"""What a study can name, in the words of the docstrings."""

from __future__ import annotations

from typing import Any, get_args

from ... import systems
from ...datasets.settings import DATASETS
from ...link import LINKS


def catalogue() -> dict[str, dict[str, str]]:
    """Kinds of systems, links and data sets, with one line each."""
    return {
        "Systems (models.<name>.system.kind)": {
            kind: _summary(_built(settings, systems))
            for kind, settings in _members(systems.SystemSettings)
        },
        "Links (links.<name>.kind)": {kind: _summary(part) for kind, part in LINKS.items()},
        "Data sets (data.kind)": {kind: _summary(settings) for kind, settings in DATASETS.items()},
    }


def _members(union: Any) -> list[tuple[str, Any]]:
    """Kinds and settings of a discriminated union."""
    members = get_args(get_args(union)[0])
    return [(get_args(member.model_fields["kind"].annotation)[0], member) for member in members]


def _built(settings: Any, package: Any) -> Any:
    """Class of ``package`` that ``settings`` build."""
    built = settings.build.__annotations__["return"]
    return getattr(package, getattr(built, "__name__", built))


def _summary(documented: Any) -> str:
    return str(documented.__doc__).strip().splitlines()[0].replace("``", "")
