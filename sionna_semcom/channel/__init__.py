# SPDX-License-Identifier: Apache-2.0
"""MIMO channels that expose their matrices for the design of precoders, and channel sources."""

from .base import ChannelState, MIMOChannel, MIMOSettings
from .flat import FlatMIMOChannel, FlatMIMOSettings
from .ofdm import OFDMMIMOChannel
from .ofdm_settings import OFDMMIMOSettings
from .settings import CHANNELS, SOURCES, ChannelSettings, SourceSettings
from .sources import (
    ChannelSource,
    CIRSettings,
    FrequencyResponses,
    FrequencyResponseSettings,
    ImpulseResponses,
    ModelSource,
    OwnSlots,
    RayTracedChannels,
    RayTracedSettings,
)

__all__ = [
    "CHANNELS",
    "SOURCES",
    "CIRSettings",
    "ChannelSettings",
    "ChannelSource",
    "ChannelState",
    "FlatMIMOChannel",
    "FlatMIMOSettings",
    "FrequencyResponseSettings",
    "FrequencyResponses",
    "ImpulseResponses",
    "MIMOChannel",
    "MIMOSettings",
    "ModelSource",
    "OFDMMIMOChannel",
    "OFDMMIMOSettings",
    "OwnSlots",
    "RayTracedChannels",
    "RayTracedSettings",
    "SourceSettings",
]
