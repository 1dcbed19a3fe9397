# SPDX-License-Identifier: Apache-2.0
"""Settings from which systems that decide at the receiver are built."""

from collections.abc import Iterable
from typing import get_args

from pydantic import Field, PositiveInt

from ...semantics import Task
from ..base.settings import BaseSystemSettings
from .system import TaskMode


class TaskSettings(BaseSystemSettings):
    """What all systems that decide at the receiver have in common."""

    crosses = "link"
    reads_features = True
    modes = get_args(TaskMode)
    drops_modalities = True

    transmitted_dim: PositiveInt = 50
    """Real numbers sent for a sample, two in a complex symbol"""
    modality_dropout: float = Field(0.0, ge=0, lt=1)
    """Probability with which each modality is missing at the transmitter in training"""
    receiver_knows_noise: bool = True
    """Whether the receiver uses the noise power that the link reports"""

    @property
    def own_mode(self) -> TaskMode:
        """The one of ``modes`` in which the system is evaluated unless told otherwise."""
        return "latent"

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures; which of them depends on the labels of the data."""
        names = (name for num_classes in (0, 2, 3) for name in Task(num_classes).metric_names)
        return list(dict.fromkeys(names))
