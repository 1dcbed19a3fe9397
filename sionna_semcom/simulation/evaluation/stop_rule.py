# SPDX-License-Identifier: Apache-2.0
"""Stopping rule of an SNR point."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from ..._parts import Settings

Iterations = Annotated[int, Field(ge=2)]


class StopRule(Settings):
    """Stopping rule of an SNR point, and type of its confidence intervals."""

    max_mc_iter: Iterations | None = None
    """Maximum number of batches per SNR; by default (null) one pass over the data"""
    min_mc_iter: Iterations = 5
    """Minimum number of batches per SNR, because intervals of few batches can be too narrow"""
    target_half_width: dict[str, PositiveFloat] | None = None
    """Target half width of the interval by metric; a point ends when all targets are reached"""
    num_target_errors: dict[str, PositiveInt] | None = None
    """Target number of errors by binary metric, such as ``{bler: 100}``; a point ends when all
    targets, including those of the half widths, are reached"""
    confidence: float = Field(0.95, gt=0, lt=1)
    """Confidence level of the intervals"""
    interval: Literal["student", "bootstrap"] = "student"
    """Type of the interval of means; proportions always have Wilson intervals"""
