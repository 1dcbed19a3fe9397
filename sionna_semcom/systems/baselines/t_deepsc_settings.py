# SPDX-License-Identifier: Apache-2.0
"""Settings from which the transformer baseline is built."""

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from ...datasets import Data
from ...link import Link
from ..decision.settings import TaskSettings
from .t_deepsc import TDeepSC


class TDeepSCSettings(TaskSettings):
    """A :class:`TDeepSC` over all modalities of the data."""

    kind: Literal["t_deepsc"]
    width: PositiveInt = 64
    """Length of a token"""
    num_heads: PositiveInt = 4
    """Attention heads, which share the width equally"""
    num_tokens: PositiveInt = 4
    """Tokens of a modality whose features are a vector"""
    num_received_tokens: PositiveInt = 4
    """Tokens that the channel decoder makes of what is received"""
    num_blocks: PositiveInt = 1
    """Transformer blocks of each semantic encoder, of the fusion, and of the semantic decoder"""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of activations and attention that is dropped in training"""
    input_dropout: float = Field(0.3, ge=0, lt=1)
    """Share of features that is dropped in training"""

    @model_validator(mode="after")
    def _check_heads(self) -> "TDeepSCSettings":
        if self.width % self.num_heads:
            raise ValueError(
                "width must be a multiple of num_heads. "
                f"Received: {self.width} and {self.num_heads}"
            )
        return self

    def build(self, data: Data, link: Link, snr_db: float | tuple[float, float]) -> TDeepSC:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``."""
        options = self.model_dump(exclude={"kind"})
        return TDeepSC(data.shapes, data.num_classes, link, snr_db=snr_db, **options)
