# SPDX-License-Identifier: Apache-2.0
"""Base classes of the settings of links, MIMO channels and sources of channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar

from .._parts import Registry, Settings

_Self = TypeVar("_Self", bound="ChannelSettings")

MAX_SPEED = 1000 / 3.6  # 1,000 km/h [m/s]; TR 38.901 is defined up to 500 km/h

CHANNELS = Registry("channels", package="sionna_semcom.channel")
"""MIMO channels by ``kind``."""

SOURCES = Registry("sources", package="sionna_semcom.channel.sources")
"""Sources of channels by ``kind``, for the argument ``channel`` of links and MIMO channels."""


class SourceSettings(Settings):
    """Base class of the settings of sources of channels."""

    kind: str = ""
    normalize: Literal["slot", "average", "none"] = "slot"
    """Normalization to unit mean energy: of every `slot`, or of the source on `average`, which
    keeps the fading of whole slots. With `none`, the channel and the noise power have the unit of
    the source."""

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of its files, by the name of the setting."""
        return {}


class PrecisionSettings(Settings):
    """Base class of the settings of Sionna blocks."""

    precision: Literal["single", "double"] | None = None
    """Precision of computations and outputs; by default (null) that of Sionna's configuration."""


class ChannelSettings(PrecisionSettings):
    """Base class of the settings of links and MIMO channels."""

    only_noise: ClassVar[bool] = False
    """Whether white Gaussian noise is added, and nothing else happens to symbols"""

    kind: str = ""

    @property
    def follows_training(self) -> bool:
        """Whether its channels depend on the training seed."""
        return False

    @property
    def learned(self) -> Any:
        """Settings of its trainable part, with `weights`, or `None` if nothing is trained."""
        return None

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of its channel files and of files of weights, by the name of the setting.

        The checksums are stored with weights that are trained over it.
        """
        return {}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the metrics that it adds to those of a system; none by default."""
        return ()

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes that evaluations over it can use."""
        return ("snr_db",)

    def of_training(self: _Self, seed: int) -> _Self:
        """Settings for a model of the training seed ``seed``."""
        return self
