# SPDX-License-Identifier: Apache-2.0
"""Settings of CoMM."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ...semantics import Task
from ...semantics.encoders import Encoders, TokenEncoders
from ...semantics.layers.augmentations import Augmentations
from ...semantics.networks.transformer import check_heads
from ..base.settings import SystemSettings
from .objectives import Objective, check_objective


class CoMMSettings(SystemSettings):
    """A :class:`CoMM` for the modalities of any multimodal data."""

    crosses = "link"
    drops_modalities = True
    shows_representations = True
    starts_from = "a comm of the same encoders and fusion"

    kind: Literal["comm"] = "comm"
    objective: Objective = "comm"
    """Training objective: loss of CoMM, one type of its terms (joint, alone), contrast between
    modalities (clip), or decisions (supervised)"""
    encoders: Encoders = TokenEncoders()
    """Encoders of samples to tokens"""
    augmentations: Augmentations = Field(default_factory=dict)
    """Ordered augmentations of each modality; by default, augmentations for its type of samples"""
    width: PositiveInt = 512
    """Length of a representation"""
    token_width: PositiveInt = 128
    """Length of the tokens after the converters"""
    num_heads: PositiveInt = 8
    """Number of attention heads of the fusion"""
    num_blocks: NonNegativeInt = 0
    """Number of transformer blocks over the tokens of all modalities"""
    expansion: PositiveInt = 2
    """Ratio of hidden units of perceptrons to their width"""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout rate of activations of the fusion"""
    projection: tuple[PositiveInt, ...] = Field((512, 512, 256), min_length=1)
    """Units of the projection head"""
    temperature: PositiveFloat = 0.1
    """Temperature of the contrastive losses"""
    targets: tuple[str, ...] = ()
    """Targets of supervised training: label, or other labels of the data"""

    @model_validator(mode="after")
    def _check(self) -> "CoMMSettings":
        check_objective(self.objective, ("any", "two"), self.targets)
        check_heads(self.num_heads, width=self.width, token_width=self.token_width)
        return self

    def can_start_from(self, other: SystemSettings) -> bool:
        """Whether ``other`` is a CoMM with the same encoders and fusion."""
        if not isinstance(other, CoMMSettings):
            return False
        same = ("encoders", "width", "token_width", "num_heads", "num_blocks", "expansion")
        return all(getattr(self, name) == getattr(other, name) for name in same)

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of the metrics, which depend on the targets."""
        figures = dict.fromkeys(n for k in (2, 3) for n in Task(k).metric_names)
        return ["mse", *(f"{key}_{name}" for key in self.targets for name in figures)]
