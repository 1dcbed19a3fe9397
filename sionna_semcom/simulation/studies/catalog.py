# SPDX-License-Identifier: Apache-2.0
"""Catalog of all parts that a study can name, with summaries from the docstrings."""

from __future__ import annotations

from typing import NamedTuple

from ..._messages import did_you_mean, listed, shortened
from ..._parts import Registry, Settings, summary
from ...channel import SOURCES
from ...datasets.settings import DATASETS
from ...link import LINKS
from ...metrics import METRICS
from ...systems import SYSTEMS
from . import network_latents  # noqa: F401  declares data sets

_TITLES = {
    "Systems (models.<name>.system.kind)": SYSTEMS,
    "Links and MIMO channels (links.<name>.kind)": LINKS,
    "Sources of channels (links.<name>.channel.kind)": SOURCES,
    "Data sets (data.kind)": DATASETS,
    "Metrics of reconstructions (evaluation.metrics)": METRICS,
}


class CatalogPart(NamedTuple):
    """Part that a study can name."""

    summary: str
    """First line of its docstring"""
    settings: type[Settings]
    """Declaration of its arguments"""


def catalog() -> dict[str, dict[str, str]]:
    """Kinds of systems, links, data sets and metrics by title of the group, with summaries."""
    return {title: _lines(registry) for title, registry in _TITLES.items()}


def part(kind: str) -> CatalogPart:
    """Part of the kind ``kind``.

    Raises
    ------
    ValueError
        If the kind is unknown
    """
    parts = {name: found for registry in _TITLES.values() for name, found in registry.items()}
    if kind not in parts:
        raise ValueError(
            f"`kind` must be one of {listed(parts, 60)}. Received: {shortened(kind)}"
            + did_you_mean(kind, parts)
        )
    return CatalogPart(summary(parts[kind]), parts[kind].settings_class)


def _lines(registry: Registry) -> dict[str, str]:
    """Summary of each kind, or the reason why it cannot be imported."""
    lines = {kind: summary(found) for kind, found in registry.items()}
    return lines | {kind: f"cannot be loaded: {why}" for kind, why in registry.failed.items()}
