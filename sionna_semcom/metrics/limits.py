# SPDX-License-Identifier: Apache-2.0
"""Ranges of metrics, by their names in results."""

from __future__ import annotations

import math

from .registry import METRICS

UNLIMITED = (-math.inf, math.inf)
_OF_AGGREGATES = {
    "f1": (0.0, 1.0),
    "acc2_nonzero": (0.0, 1.0),
    "worst_accuracy": (0.0, 1.0),
    "correlation": (-1.0, 1.0),
}


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
    declared = {kind: metric.limits for kind, metric in METRICS.items()} | _OF_AGGREGATES
    ends = [kind for kind in declared if f"_{name}".endswith(f"_{kind}")]
    return declared[max(ends, key=len)] if ends else UNLIMITED
