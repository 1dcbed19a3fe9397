# SPDX-License-Identifier: Apache-2.0
"""Metrics of reconstructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from ..._messages import shortened
from ...metrics import MetricSettings, note_outputs
from ...semantics.modality import Metric
from .contract import Batch


def reconstruction_metrics(
    batch: Batch,
    outputs: Batch,
    metrics: Mapping[str, Mapping[str, Metric]],
    further: Sequence[MetricSettings],
    recognizers: Mapping[str, Any],
) -> dict[str, tf.Tensor]:
    """Metrics ``[batch]`` of the reconstruction of each sample.

    Input
    -----
    batch, outputs : `dict`
        Samples and their reconstructions ``[batch, *shape]`` of each modality
    metrics : `dict` of `dict` of callables
        Metrics of each modality by name
    further : sequence of :class:`~sionna_semcom.metrics.MetricSettings`
        Further metrics, for the modalities that they apply to
    recognizers : `dict` of classifiers
        Classifiers of reconstructions by modality

    Output
    ------
    : `dict`
        Metrics by name, such as ``image_mse``

    Raises
    ------
    ValueError
        If one of ``further`` is not a metric
    """
    note_outputs(*outputs.values())
    figures = {
        f"{name}_{key}": metric(batch[name], outputs[name])
        for name, own in metrics.items()
        for key, metric in own.items()
    }
    for metric in further:
        if not isinstance(metric, MetricSettings):
            raise ValueError(
                "`further_metrics` must contain objects of `MetricSettings`, such as "
                f"`metrics.METRICS['psnr']()`. Received: {shortened(metric)}"
            )
        for name in metric.modalities:
            if name in outputs:
                figures[f"{name}_{metric.kind}"] = metric(batch[name], outputs[name])
    for name, judge in recognizers.items():
        figures[f"{name}_recognized"] = judge.recognizes(outputs[name], batch["label"])
    return figures
