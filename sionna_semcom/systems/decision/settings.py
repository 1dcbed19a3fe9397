# SPDX-License-Identifier: Apache-2.0
"""Settings of decision systems."""

from collections.abc import Iterable
from typing import ClassVar, get_args

from pydantic import Field, PositiveInt

from ...datasets import Data
from ...semantics import Task
from ..base.settings import SystemSettings
from .modes import DecisionMode, check_mode


class DecisionSettings(SystemSettings):
    """Common settings of all decision systems."""

    crosses = "link"
    reads_features = True
    modes = get_args(DecisionMode)
    drops_modalities = True
    shows_representations = True

    asks_again: ClassVar[bool] = True
    """Whether the receiver can request further transmissions"""

    modality_dropout: float = Field(0.0, ge=0, lt=1)
    """Probability that a modality is missing at the transmitter in training"""

    @property
    def own_mode(self) -> DecisionMode:
        """Default mode for the evaluation, one of ``modes``."""
        return "latent"

    def check_confidence(self, confidence: float | None) -> None:
        """Check ``confidence``, see :class:`DecisionSystem`.

        Raises
        ------
        ValueError
            If ``confidence`` is not a probability, or the receiver does not decide on latents
        """
        if confidence is not None and not self.asks_again:
            raise ValueError(
                f"confidence is for receivers that decide on latents. Received: {confidence}"
            )
        if confidence is not None and not 0.0 < confidence <= 1.0:
            raise ValueError(f"confidence must lie in (0, 1]. Received: {confidence}")

    def check_calibration(self, num_classes: int) -> None:
        """Check that the system decides on a score, and not on one of ``num_classes``.

        Raises
        ------
        ValueError
            If it decides on classes
        """
        if num_classes:
            raise ValueError(
                "calibrate is for scores (label: regression). "
                f"Received: a system of {num_classes} classes"
            )

    def check_data(self, data: Data, mode: str | None) -> None:
        """Check that ``mode``, or the default mode, is possible for the labels of ``data``.

        Raises
        ------
        ValueError
            If it is not
        """
        check_mode(mode or self.own_mode, data.num_classes)

    def missing_metrics(self, data: Data) -> set[str]:
        """Names of the metrics of other labels than those of ``data``."""
        return {*self._all_metrics()} - {*Task(data.num_classes).metric_names}

    def can_be_probed(self, mode: str | None) -> bool:
        """Whether the receiver has a latent, not only a decision."""
        return (mode or self.own_mode) == "latent"

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics, which depend on the labels of the data."""
        return self._all_metrics()

    @staticmethod
    def _all_metrics() -> list[str]:
        """Names of the metrics of scores, of two classes and of more classes."""
        names = (name for num_classes in (0, 2, 3) for name in Task(num_classes).metric_names)
        return list(dict.fromkeys(names))


class LatentDecisionSettings(DecisionSettings):
    """Settings of systems with latents of a given dimension."""

    transmitted_dim: PositiveInt = 50
    """Number of transmitted real numbers per sample, two per complex symbol"""
    receiver_knows_noise: bool = True
    """Whether the receiver uses the effective noise power from the link"""
    successive: bool = False
    """Whether the training loss is the mean loss of the decisions after each transmission of the
    link, so that the first part of a latent decides and others refine the decision; by default,
    the loss is of the decision after the last transmission"""
