# SPDX-License-Identifier: Apache-2.0
"""Parts of studies: declaration of settings, registries and descriptions."""

from .arguments import Argument, arguments, summary
from .part import Part, describe, validated
from .registry import Registry
from .settings import Decibels, Settings

__all__ = [
    "Argument",
    "Decibels",
    "Part",
    "Registry",
    "Settings",
    "arguments",
    "describe",
    "summary",
    "validated",
]
