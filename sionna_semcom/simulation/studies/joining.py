# SPDX-License-Identifier: Apache-2.0
"""Conversion of finished points and summaries of a study to curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..evaluation.monte_carlo import Point, join_points
from ..results.curves import Curve, Estimate
from ..results.labels import in_decibels
from ..results.records import Columns, Records
from .partial import RECORDS, SNR
from .parts import Summary, Values
from .schema import EvaluationSettings


def joined_curve(
    evaluation: EvaluationSettings,
    rows: Sequence[Sequence[Values]],
    summaries: Sequence[Sequence[Summary]],
) -> Curve:
    """Curve from points ``[num_seeds][num_points]`` and summaries ``[num_seeds][num_parts]``."""
    points = [[_estimates(values) for values in row] for row in rows]
    columns: list[list[Columns]] = [[values.get(RECORDS, {}) for values in row] for row in rows]
    snrs_db = np.array([values[SNR] for values in rows[0]])
    figures = [_mean(parts) for parts in zip(*summaries, strict=True)]
    if not in_decibels(evaluation.axis):
        return _along_figure(evaluation, snrs_db, points, columns, figures)
    metrics = join_points(points, evaluation.confidence)
    x, records = np.array(evaluation.points), Records.joined(columns)
    return Curve(snrs_db, metrics, figures[0], evaluation.axis, x, records=records)


def _estimates(values: Values) -> Point:
    return {n: Estimate(*one) for n, one in values.items() if n not in (RECORDS, SNR)}


def _along_figure(
    evaluation: EvaluationSettings,
    snrs_db: np.ndarray,
    points: Sequence[Sequence[Point]],
    columns: Sequence[Sequence[Columns]],
    figures: Sequence[Summary],
) -> Curve:
    """Curve along a summary value that each point has in ``figures``."""
    order = np.argsort([summary[evaluation.axis] for summary in figures], kind="stable")
    points = [[row[index] for index in order] for row in points]
    records = Records.joined([[row[index] for index in order] for row in columns])
    names = dict.fromkeys(name for summary in figures for name in summary)
    by_point = {
        name: np.array([figures[index].get(name, np.nan) for index in order]) for name in names
    }
    x = by_point.pop(evaluation.axis)
    shared = {name for name, column in by_point.items() if np.all(column == column[0])}
    return Curve(
        snrs_db[order],
        join_points(points, evaluation.confidence),
        {name: float(by_point[name][0]) for name in by_point if name in shared},
        evaluation.axis,
        x,
        {name: column for name, column in by_point.items() if name not in shared},
        records,
    )


def _mean(summaries: Iterable[Mapping[str, Any]]) -> Summary:
    """Mean of each summary value over the seeds."""
    rows = list(summaries)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
