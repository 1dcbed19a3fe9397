# SPDX-License-Identifier: Apache-2.0
"""When an SNR point has been simulated for long enough."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from ..._parts import Settings

Iterations = Annotated[int, Field(ge=2)]


class StopRule(Settings):
    """When an SNR point ends, and the kind of confidence interval that decides it."""

    max_mc_iter: Iterations | None = None
    """Most batches at an SNR; nothing (null) is one pass over the data"""
    min_mc_iter: Iterations = 5
    """Fewest batches before targets end a point; intervals are narrow by chance at times"""
    target_half_width: dict[str, PositiveFloat] | None = None
    """Half width of the interval by metric; a point ends when all have reached theirs"""
    num_target_errors: dict[str, PositiveInt] | None = None
    """Errors by metric that is true or false for each sample, such as ``{bler: 100}``; a point
    ends when all have so many, and reached their half widths"""
    confidence: float = Field(0.95, gt=0, lt=1)
    """Confidence of the intervals"""
    interval: Literal["student", "bootstrap"] = "student"
    """Interval of means; that of proportions is always Wilson's"""
