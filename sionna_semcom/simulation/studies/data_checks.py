# SPDX-License-Identifier: Apache-2.0
"""Checks of a study that need its data, before any training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from ..._messages import listed, shortened
from ..._seeding import set_seed
from ...datasets import Data
from ..evaluation.batches import Batches
from ..evaluation.probes import check_probed
from ..results.labels import in_decibels
from .compatibility import check_metric_names, known_metrics
from .study import Study


def check_data(
    study: Study, data: Data, batches: Batches, find_link: Callable[[str, int], Any]
) -> None:
    """Check a study for errors that would otherwise occur after the training.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        The study
    data : :class:`~sionna_semcom.datasets.Data`
        Its data
    batches : :class:`Batches`
        Samples of the evaluation
    find_link : callable
        Maps the name of a link and a seed to the link

    Raises
    ------
    ValueError
        If a metric or a mode is not available for the labels of the data, there are too few
        batches, numbers are not `float32`, images that are reconstructed are not between zero and
        one, or the axis is no value of the summary of a model
    """
    first = next(iter(batches))
    first = first if isinstance(first, Mapping) else {}
    if first:
        _check_types({name: first[name] for name in data.shapes if name in first})
    if study.evaluation.probes:
        check_probed(data, study.figure.named_metrics)
    for curve in study.curves:
        who = f"curve {shortened(curve.label, 60)}"
        for model, link in curve.pairs:
            system = study.models[model].system
            try:
                system.check_data(data, curve.mode)
            except ValueError as error:
                raise ValueError(f"{who}, model {model!r} ({system.kind}): {error}") from error
            missing = system.missing_metrics(data)
            known = known_metrics(who, study, model, link)
            check_metric_names(who, study, [name for name in known if name not in missing])
            if "image_psnr" in known and "image" in first:
                _check_images(first["image"])
    _check_batches(study, batches)
    if not in_decibels(study.evaluation.axis):
        _check_axis(study, data, batches, find_link)


def check_summary(axis: str, model: str, summary: dict[str, Any]) -> None:
    """Check that ``axis``, unless it is in decibels, is a value of the summary of a model.

    Raises
    ------
    ValueError
        If it is not
    """
    if not in_decibels(axis) and axis not in summary:
        raise ValueError(
            f"The study's axis is {shortened(axis)}, but the summary of {model!r} has only "
            f"{listed(summary, 40)}"
        )


def _check_types(batch: Mapping[str, tf.Tensor]) -> None:
    """Check that real numbers are `float32`, as the weights of the systems."""
    for name, values in batch.items():
        if values.dtype.is_floating and values.dtype != tf.float32:
            raise ValueError(
                f"{shortened(name)} of the data must be float32. Received: {values.dtype.name}"
            )


def _check_images(images: tf.Tensor) -> None:
    """Check that images are between zero and one, as reconstructions and their metrics are."""
    low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"`image` of the data must be between 0 and 1. Received: {low:g} to {high:g}"
        )


def _check_batches(study: Study, batches: Batches) -> None:
    """Check that there are two batches for an interval, and samples for the mode ``limit``."""
    rule = study.evaluation
    if rule.max_mc_iter is None and rule.min_mc_iter > 1 and batches.cardinality() == 1:
        raise ValueError(
            "evaluation.batch_size must divide the samples into at least two batches to estimate "
            f"an interval, unless evaluation.max_mc_iter is given. Received: {rule.batch_size}"
        )
    if all(curve.mode != "limit" for curve in study.curves):
        return
    sizes = [len(next(iter(batch.values()))) for batch in batches]
    if min(sizes) < 2:
        raise ValueError(
            "mode 'limit' needs batches of at least two samples, also the last one. Received: "
            f"{sum(sizes)} samples, evaluation.batch_size={rule.batch_size}"
        )


def _check_axis(
    study: Study, data: Data, batches: Batches, find_link: Callable[[str, int], Any]
) -> None:
    """Check the axis with an untrained model of each kind of system over a link of its curves."""
    first = study.evaluation.seeds[0]
    pairs: dict[str | None, tuple[str, str]] = {}
    for model, name in (pair for curve in study.curves for pair in curve.pairs):
        pairs.setdefault(study.models[model].system.kind, (model, name))
    for model, name in pairs.values():
        set_seed(first, model)
        system = study.models[model].build(data, seed=first)
        system.link = find_link(name, first)
        check_summary(study.evaluation.axis, model, system.summary([next(iter(batches))]))
