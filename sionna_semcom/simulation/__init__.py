# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo simulation of systems over links: studies, results and figures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evaluation.bit_errors import BitErrors
    from .evaluation.monte_carlo import sim_metrics
    from .evaluation.probes import LinearProbes, probe
    from .evaluation.state import State
    from .evaluation.stop_rule import StopRule
    from .results.cdf_plot import cdf_figure
    from .results.curves import Curve, Estimate, Metric
    from .results.differences import paired_difference
    from .results.distribution import cdf, distribution_curve, outage, percentile
    from .results.gains import snr_gain
    from .results.plot import PlotMetrics
    from .results.records import Records
    from .results.report import write_report
    from .results.result import Result
    from .studies.gallery import draw_gallery, latent_space_figure, reconstruction_figure
    from .studies.runner import run_study
    from .studies.study import Study, load_study
    from .training.loop import train
    from .training.settings import ModelSettings, TrainingSettings
    from .training.store import ModelStore

# Modules are imported on first use: reading and drawing a result do not need TensorFlow
_MODULES = {
    "BitErrors": "evaluation.bit_errors",
    "Curve": "results.curves",
    "Estimate": "results.curves",
    "Metric": "results.curves",
    "LinearProbes": "evaluation.probes",
    "ModelSettings": "training.settings",
    "ModelStore": "training.store",
    "PlotMetrics": "results.plot",
    "Result": "results.result",
    "State": "evaluation.state",
    "StopRule": "evaluation.stop_rule",
    "Study": "studies.study",
    "TrainingSettings": "training.settings",
    "Records": "results.records",
    "cdf": "results.distribution",
    "cdf_figure": "results.cdf_plot",
    "distribution_curve": "results.distribution",
    "draw_gallery": "studies.gallery",
    "latent_space_figure": "studies.gallery",
    "load_study": "studies.study",
    "outage": "results.distribution",
    "percentile": "results.distribution",
    "probe": "evaluation.probes",
    "paired_difference": "results.differences",
    "reconstruction_figure": "studies.gallery",
    "run_study": "studies.runner",
    "sim_metrics": "evaluation.monte_carlo",
    "snr_gain": "results.gains",
    "train": "training.loop",
    "write_report": "results.report",
}

__all__ = [
    "BitErrors",
    "Curve",
    "Estimate",
    "LinearProbes",
    "Metric",
    "ModelSettings",
    "ModelStore",
    "PlotMetrics",
    "Records",
    "Result",
    "State",
    "StopRule",
    "Study",
    "TrainingSettings",
    "cdf",
    "cdf_figure",
    "distribution_curve",
    "draw_gallery",
    "latent_space_figure",
    "load_study",
    "outage",
    "paired_difference",
    "percentile",
    "probe",
    "reconstruction_figure",
    "run_study",
    "sim_metrics",
    "snr_gain",
    "train",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
