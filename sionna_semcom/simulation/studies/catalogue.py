# SPDX-License-Identifier: Apache-2.0
"""What a study can name, in the words of the docstrings."""

from __future__ import annotations

from ..._parts import Registry
from ...datasets.settings import DATASETS
from ...link import LINKS
from ...systems import SYSTEMS
from . import network_latents  # noqa: F401  declares data sets

_TITLES = {
    "Systems (models.<name>.system.kind)": SYSTEMS,
    "Links and MIMO channels (links.<name>.kind)": LINKS,
    "Data sets (data.kind)": DATASETS,
}


def catalogue() -> dict[str, dict[str, str]]:
    """Kinds of systems, links and data sets, with one line each."""
    return {title: _lines(registry) for title, registry in _TITLES.items()}


def _lines(registry: Registry) -> dict[str, str]:
    """First line of each docstring, and of parts that cannot be loaded the reason."""
    lines = {
        kind: str(part.__doc__).strip().splitlines()[0].replace("``", "")
        for kind, part in registry.items()
    }
    return lines | {kind: f"cannot be loaded: {why}" for kind, why in registry.failed.items()}
