# SPDX-License-Identifier: Apache-2.0
"""Settings from which systems that decide at the receiver are built."""

from collections.abc import Iterable
from typing import ClassVar, get_args

from pydantic import Field, PositiveInt

from ...semantics import Task
from ..base.settings import SystemSettings
from .system import DecisionMode


class DecisionSettings(SystemSettings):
    """Settings of any system that decides at the receiver."""

    crosses = "link"
    reads_features = True
    modes = get_args(DecisionMode)
    drops_modalities = True
    shows_representations = True

    asks_again: ClassVar[bool] = True
    """Whether a receiver that is not sure can ask for another transmission"""

    modality_dropout: float = Field(0.0, ge=0, lt=1)
    """Probability with which each modality is missing at the transmitter in training"""

    @property
    def own_mode(self) -> DecisionMode:
        """The one of ``modes`` in which the system is evaluated unless told otherwise."""
        return "latent"

    def check_confidence(self, confidence: float | None) -> None:
        """Refuse a ``confidence`` that the receiver cannot have; see :class:`DecisionSystem`.

        Raises
        ------
        ValueError
            If it is no probability, or the receiver decides in another way
        """
        if confidence is not None and not self.asks_again:
            raise ValueError(
                f"confidence is for receivers that decide on latents. Received: {confidence}"
            )
        if confidence is not None and not 0.0 < confidence <= 1.0:
            raise ValueError(f"confidence must lie in (0, 1]. Received: {confidence}")

    def can_be_probed(self, mode: str | None) -> bool:
        """Whether the receiver has a latent to look at, and not a decision alone."""
        return (mode or self.own_mode) == "latent"

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures; which of them depends on the labels of the data."""
        names = (name for num_classes in (0, 2, 3) for name in Task(num_classes).metric_names)
        return list(dict.fromkeys(names))


class LatentDecisionSettings(DecisionSettings):
    """Settings of systems that send latents of a given dimension."""

    transmitted_dim: PositiveInt = 50
    """Real numbers sent for a sample, two in a complex symbol"""
    receiver_knows_noise: bool = True
    """Whether the receiver uses the noise power that the link reports"""
    successive: bool = False
    """Whether training asks for a decision after each transmission of its link, so that the first
    part of a latent decides and others refine it, and not after the last one alone"""
