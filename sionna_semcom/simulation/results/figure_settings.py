# SPDX-License-Identifier: Apache-2.0
"""Settings of the figure of a result."""

from pydantic import Field, ValidationError

from ..._messages import listed, shortened
from ..._parts import Settings
from ..._parts.explanation import explain
from .result import Result


class FigureSettings(Settings):
    """Settings of the figure of a study."""

    metrics: tuple[str, ...] | None = None
    """Metrics, one panel each; by default (null) all metrics"""
    curves: tuple[str, ...] | None = Field(None, min_length=1)
    """Labels of the curves; by default (null) all curves"""
    log_scale: tuple[str, ...] = ()
    """Metrics with a logarithmic axis"""
    log_x: bool = False
    """Whether the horizontal axis is logarithmic; only for axes other than the SNR"""
    best: str | None = None
    """Metric of the ranking of curves in a table, best first"""

    @property
    def ranked(self) -> tuple[str, ...]:
        """Metric of the ranking, or empty."""
        return () if self.best is None else (self.best,)

    @property
    def named_metrics(self) -> tuple[str, ...]:
        """All metrics that are named."""
        return *(self.metrics or ()), *self.log_scale, *self.ranked


def figure_settings(result: Result, path: str) -> FigureSettings:
    """Figure settings of the study of ``result``, which was read from ``path``.

    Raises
    ------
    ValueError
        If the settings in the file are invalid, or name curves that the result does not have
    """
    document = result.settings.get("figure", {})
    try:
        settings = FigureSettings.model_validate(document)
    except ValidationError as error:
        reason = explain(error, document, FigureSettings)
        raise ValueError(f"{path}: the settings of the figure: {reason}") from error
    for label in settings.curves or ():
        if label not in result.curves:
            raise ValueError(
                f"{path}: the figure's settings name the curve {shortened(label, 60)}, but there "
                f"are only {listed(result.curves, 20)}"
            )
    return settings
