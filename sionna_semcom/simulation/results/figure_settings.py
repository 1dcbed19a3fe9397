# SPDX-License-Identifier: Apache-2.0
"""What a figure shows of a result."""

from pydantic import Field, ValidationError

from ..._messages import listed, shortened
from ..._parts import Settings
from ..._parts.explanation import explain
from .result import Result


class FigureSettings(Settings):
    """What the study's figure shows."""

    metrics: tuple[str, ...] | None = None
    """Metrics, one panel each; nothing (null) is all"""
    curves: tuple[str, ...] | None = Field(None, min_length=1)
    """Labels of the curves that are drawn; nothing (null) is all"""
    log_scale: tuple[str, ...] = ()
    """Metrics whose axis is logarithmic"""
    log_x: bool = False
    """If the axis that they are drawn against is, where it is another than the SNR"""
    best: str | None = None
    """Metric by which curves are ranked in a table, best first"""

    @property
    def ranked(self) -> tuple[str, ...]:
        """The metric by which curves are ranked, if there is one."""
        return () if self.best is None else (self.best,)


def figure_settings(result: Result, path: str) -> FigureSettings:
    """What the study of ``result``, which was read from ``path``, shows in its figure.

    Raises
    ------
    ValueError
        If the settings in the file are none of a figure, or name curves that are not there
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
