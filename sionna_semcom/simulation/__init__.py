# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo simulation of systems over links: studies, results and figures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .monte_carlo import State, sim_metrics
    from .plot import PlotMetrics
    from .results import Curve, Estimate, Metric, Result
    from .stop_rule import StopRule

# Modules load on first use: reading a result and drawing it do not wait for TensorFlow
_MODULES = {
    "Curve": "results",
    "Estimate": "results",
    "Metric": "results",
    "PlotMetrics": "plot",
    "Result": "results",
    "State": "monte_carlo",
    "StopRule": "stop_rule",
    "sim_metrics": "monte_carlo",
}

__all__ = [
    "Curve",
    "Estimate",
    "Metric",
    "PlotMetrics",
    "Result",
    "State",
    "StopRule",
    "sim_metrics",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
