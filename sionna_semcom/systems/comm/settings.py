# SPDX-License-Identifier: Apache-2.0
"""Settings of CoMM and of its encoders."""

import math
from collections.abc import Iterable
from typing import Annotated, Literal

import keras
from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from ...datasets import Data
from ...link import Link
from ...semantics import (
    Task,
    usual_augmentation,
)
from ..base.settings import BaseSystemSettings
from .augmentations import Augmentation
from .compressed import CompressedCoMM
from .encoders import Encoders, TokenEncoders
from .objectives import Objective, check_objective
from .system import CoMM


class CoMMSettings(BaseSystemSettings):
    """A :class:`CoMM` over the modalities of any data that have several."""

    crosses = "link"
    drops_modalities = True
    shows_representations = True

    kind: Literal["comm"]
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
        for name in ("width", "token_width"):
            if getattr(self, name) % self.num_heads:
                raise ValueError(
                    f"{name} must be a multiple of num_heads. "
                    f"Received: {getattr(self, name)} and {self.num_heads}"
                )
        return self

    def can_start_from(self, other: BaseSystemSettings) -> bool:
        """Whether weights of ``other`` fit: a CoMM of the same encoders and fusion."""
        if not isinstance(other, CoMMSettings):
            return False
        same = ("encoders", "width", "token_width", "num_heads", "num_blocks", "expansion")
        return all(getattr(self, name) == getattr(other, name) for name in same)

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures; which of them depends on the targets."""
        figures = dict.fromkeys(n for k in (2, 3) for n in Task(k).metric_names)
        return ["mse", *(f"{key}_{name}" for key in self.targets for name in figures)]

    def build(self, data: Data, link: Link, snr_db: float | tuple[float, float]) -> CoMM:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``.

        Raises
        ------
        ValueError
            If data do not have a target, or a modality that augmentations name
        """
        known = {"label": data.num_classes, **getattr(data, "labels", {})}
        for what, names, there in (
            ("targets", self.targets, known),
            ("augmentations", self.augmentations, data.shapes),
        ):
            if not set(names) <= set(there):
                raise ValueError(
                    f"{what} may name {', '.join(there)}. Received: {', '.join(names)}"
                )
        for name, chain in self.augmentations.items():
            for one in chain:
                one.check(name, data.shapes[name])
        options = self.model_dump(exclude={"kind", "encoders", "augmentations", "targets"})
        layers = {
            name: keras.Sequential([one.build() for one in self.augmentations[name]])
            if name in self.augmentations
            else usual_augmentation(shape)
            for name, shape in data.shapes.items()
        }
        return CoMM(
            data.shapes,
            link,
            snr_db=snr_db,
            encoders=self.encoders.build(data.shapes),
            augmentations=layers,
            targets={key: known[key] for key in self.targets},
            **options,
        )


class CompressedCoMMSettings(BaseSystemSettings):
    """A :class:`CompressedCoMM`: what a trained CoMM says, in a few symbols."""

    crosses = "link"
    drops_modalities = True
    shows_representations = True

    kind: Literal["compressed_comm"]
    sender: CoMMSettings
    """The CoMM, which the model's pretrained names once more as a model"""
    num_symbols: PositiveInt = 8
    """Complex symbols that are sent for a sample"""
    hidden: tuple[PositiveInt, ...] = (512,)
    """Units of the hidden layers of encoder and decoder"""
    fine_tune: bool = False
    """Whether the sender is trained as well, to representations of what it was at first"""

    def can_start_from(self, other: BaseSystemSettings) -> bool:
        """Whether ``other`` is the sender."""
        return other == self.sender

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures."""
        return ["mse"]

    def build(self, data: Data, link: Link, snr_db: float | tuple[float, float]) -> CompressedCoMM:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``."""
        sender, teacher = (self.sender.build(data, link, math.inf) for _ in range(2))
        return CompressedCoMM(
            sender,
            link,
            num_symbols=self.num_symbols,
            snr_db=snr_db,
            hidden=self.hidden,
            teacher=teacher if self.fine_tune else None,
        )
