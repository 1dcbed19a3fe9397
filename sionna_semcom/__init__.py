# SPDX-License-Identifier: Apache-2.0
"""Semantic communication as a layer on top of Sionna's physical layer.

Subpackages load on first use, so that importing the package (and the command line's ``--help``)
does not wait for TensorFlow.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import (
        alignment,
        datasets,
        link,
        losses,
        mapping,
        metrics,
        semantics,
        simulation,
        systems,
    )

__version__ = version("sionna-semcom")

__all__ = [
    "alignment",
    "datasets",
    "link",
    "losses",
    "mapping",
    "metrics",
    "semantics",
    "simulation",
    "systems",
]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
