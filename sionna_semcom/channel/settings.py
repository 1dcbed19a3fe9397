# SPDX-License-Identifier: Apache-2.0
"""What settings of links and MIMO channels have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from .._parts import Registry, Settings

_Self = TypeVar("_Self", bound="ChannelSettings")

MAX_SPEED = 1000 / 3.6  # of an aircraft [m/s]; TR 38.901 goes up to 500 km/h

CHANNELS = Registry("channels", package="sionna_semcom.channel")
"""MIMO channels by ``kind``."""

SOURCES = Registry("sources", package="sionna_semcom.channel.sources")
"""Sources of channels by ``kind``, which links and MIMO channels take as ``channel``."""


class SourceSettings(Settings):
    """Settings of any source of channels."""

    kind: str = ""
    normalize: Literal["slot", "average", "none"] = "slot"
    """What has unit mean energy: every `slot`, or the source on `average`, whose slots then fade as
    a whole. With `none` the channel stays in its own unit, and so does the noise power."""

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files that it reads, by what the settings call them."""
        return {}


class PrecisionSettings(Settings):
    """Settings of what computes on tensors, as blocks of Sionna do."""

    precision: Literal["single", "double"] | None = None
    """Precision of computations and outputs; none: that of Sionna's configuration."""


class ChannelSettings(PrecisionSettings):
    """Settings of what symbols cross: a link or a MIMO channel."""

    kind: str = ""

    @property
    def follows_training(self) -> bool:
        """Whether its channels are others for each training seed."""
        return False

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the files that its channels come from, by what the settings call them.

        Weights that were trained over it are of these files.
        """
        return {}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of what it adds to the figures of a system that is measured over it; nothing."""
        return ()

    def of_training(self: _Self, seed: int) -> _Self:
        """These settings for a model of the training seed ``seed``."""
        return self
