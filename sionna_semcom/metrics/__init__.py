# SPDX-License-Identifier: Apache-2.0
"""Metrics of task performance, alignment, information and bandwidth."""

from __future__ import annotations

from .._parts.metric_ranges import METRICS, limits
from .accuracy import accuracy
from .aggregate import Percentile, confusion, correlation, f1_score, moments, share, where
from .bandwidth import bandwidth_ratio, toi, tti, tti_over_toi
from .bits import ber, bler
from .decision_limit import decision_limit, score_limit
from .dependence import Dependence, fresh_dependence
from .fidelity import mae, mse, psnr, ssim
from .probing import linear_probe, perceptron_probe
from .registry import AnyMetric, MetricSettings, default_metrics
from .retrieval import pairwise_recall_at_1, recall_at_1
from .score_probing import linear_score_probe, perceptron_score_probe
from .undecidable import note_outputs, watching

__all__ = [
    "METRICS",
    "AnyMetric",
    "Dependence",
    "MetricSettings",
    "Percentile",
    "accuracy",
    "bandwidth_ratio",
    "ber",
    "bler",
    "confusion",
    "correlation",
    "decision_limit",
    "default_metrics",
    "f1_score",
    "fresh_dependence",
    "limits",
    "linear_probe",
    "linear_score_probe",
    "mae",
    "moments",
    "mse",
    "note_outputs",
    "pairwise_recall_at_1",
    "perceptron_probe",
    "perceptron_score_probe",
    "psnr",
    "recall_at_1",
    "score_limit",
    "share",
    "ssim",
    "toi",
    "tti",
    "tti_over_toi",
    "watching",
    "where",
]
