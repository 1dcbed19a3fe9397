# SPDX-License-Identifier: Apache-2.0
"""Settings from which the transformer baseline is built."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from ..datasets import Data
from ..link import Link
from ..semantics import Task
from .base_settings import BaseSystemSettings
from .t_deepsc import TDeepSC


class TDeepSCSettings(BaseSystemSettings):
    """A :class:`TDeepSC` over all modalities of the data."""

    crosses = "link"

    kind: Literal["t_deepsc"]
    transmitted_dim: PositiveInt = 50
    """Real numbers sent for a sample, two in a complex symbol"""
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
    modality_dropout: float = Field(0.0, ge=0, lt=1)
    """Probability with which each modality is missing at the transmitter in training"""
    receiver_knows_noise: bool = True
    """Whether the receiver is told the noise power left on each symbol"""

    @model_validator(mode="after")
    def _check_heads(self) -> "TDeepSCSettings":
        if self.width % self.num_heads:
            raise ValueError(
                "width must be a multiple of num_heads. "
                f"Received: {self.width} and {self.num_heads}"
            )
        return self

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures; which of them depends on the labels of the data."""
        names = (name for num_classes in (0, 2, 3) for name in Task(num_classes).metric_names)
        return list(dict.fromkeys(names))

    def build(self, data: Data, link: Link, snr_db: float | tuple[float, float]) -> TDeepSC:
        """Build the system for samples like those of ``data``, over ``link``, at ``snr_db``."""
        options = self.model_dump(exclude={"kind"})
        return TDeepSC(data.shapes, data.num_classes, link, snr_db=snr_db, **options)
