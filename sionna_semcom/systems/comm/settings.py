# SPDX-License-Identifier: Apache-2.0
"""Settings of CoMM."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ...semantics import Task
from ...semantics.networks.transformer import check_heads
from ..base.settings import SystemSettings
from .augmentations import Augmentation
from .encoders import Encoders, TokenEncoders
from .objectives import Objective, check_objective


class CoMMSettings(SystemSettings):
    """A :class:`CoMM` over the modalities of any data that have several."""

    crosses = "link"
    drops_modalities = True
    shows_representations = True
    starts_from = "a comm of the same encoders and fusion"

    kind: Literal["comm"] = "comm"
    objective: Objective = "comm"
    """What is trained: CoMM's loss, one kind of its terms (joint, alone), contrast of modalities
    (clip), or decisions (supervised)"""
    encoders: Encoders = TokenEncoders()
    """What makes tokens of samples"""
    augmentations: dict[str, Annotated[tuple[Augmentation, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    """Augmentations of modalities, in their order; what suits its samples where none is given"""
    width: PositiveInt = 512
    """Length of a representation"""
    token_width: PositiveInt = 128
    """Length of tokens behind the converters"""
    num_heads: PositiveInt = 8
    """Attention heads of the fusion"""
    num_blocks: NonNegativeInt = 0
    """Transformer blocks in which tokens of all modalities see each other"""
    expansion: PositiveInt = 2
    """Hidden units of perceptrons over their width"""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of activations of the fusion that is dropped in training"""
    projection: tuple[PositiveInt, ...] = Field((512, 512, 256), min_length=1)
    """Units of the projection head"""
    temperature: PositiveFloat = 0.1
    """Temperature of the contrastive losses"""
    targets: tuple[str, ...] = ()
    """What supervised training decides: label, or whatever else the data know of their samples"""

    @model_validator(mode="after")
    def _check(self) -> "CoMMSettings":
        check_objective(self.objective, ("any", "two"), self.targets)
        check_heads(self.num_heads, width=self.width, token_width=self.token_width)
        return self

    def can_start_from(self, other: SystemSettings) -> bool:
        """Whether weights of ``other`` fit: a CoMM of the same encoders and fusion."""
        if not isinstance(other, CoMMSettings):
            return False
        same = ("encoders", "width", "token_width", "num_heads", "num_blocks", "expansion")
        return all(getattr(self, name) == getattr(other, name) for name in same)

    def metric_names(self, modalities: Iterable[str], recognizers: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures; which of them depends on the targets."""
        figures = dict.fromkeys(n for k in (2, 3) for n in Task(k).metric_names)
        return ["mse", *(f"{key}_{name}" for key in self.targets for name in figures)]
