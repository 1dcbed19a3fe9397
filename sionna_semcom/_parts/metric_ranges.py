# SPDX-License-Identifier: Apache-2.0
"""Ranges of metrics, by their names in results.

Metrics declare their ranges: those of the registry by the attribute ``limits`` of their class, and
functions of means by a decorator. The declarations, and TensorFlow with them, are imported when the
first range is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from .registry import Registry

UNLIMITED = (-math.inf, math.inf)
METRICS = Registry("metrics", package="sionna_semcom.metrics")
"""Metrics of reconstructions by ``kind``."""

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OF_FUNCTIONS: dict[str, tuple[float, float]] = {}


def ranged(name: str, smallest: float, largest: float) -> Callable[[_Function], _Function]:
    """Decorator that declares the range of a function of means with this ``name`` in results.

    Raises
    ------
    ValueError
        If another range is declared for ``name``
    """

    def decorated(function: _Function) -> _Function:
        known = _OF_FUNCTIONS.setdefault(name, (smallest, largest))
        if known != (smallest, largest):
            raise ValueError(f"{name!r} has the range {known}. Received: {(smallest, largest)}")
        return function

    return decorated


def limits(name: str) -> tuple[float, float]:
    """Smallest and largest possible value of a metric in results.

    Parameters
    ----------
    name : `str`
        Name in results, such as ``ssim``, ``image_ssim`` or ``label_correlation_in_received``

    Output
    ------
    : (`float`, `float`)
        Range that the metric of this kind declares; infinite if none is known
    """
    name = name.partition("_in_")[0]  # of a probe: `<part>_<kind>_in_<where>`
    declared = {kind: metric.limits for kind, metric in METRICS.items()} | _OF_FUNCTIONS
    ends = [kind for kind in declared if f"_{name}".endswith(f"_{kind}")]
    return declared[max(ends, key=len)] if ends else UNLIMITED
