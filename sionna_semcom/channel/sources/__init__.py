# SPDX-License-Identifier: Apache-2.0
"""Sources of your own channels: computed, measured, or from any channel model of Sionna."""

from .base import ChannelSource
from .build import chosen_source, name_of, slot_source, split_channel
from .frequency_responses import FrequencyResponses, FrequencyResponseSettings
from .impulse_responses import CIRSettings, ImpulseResponses
from .model import ModelSource
from .own_slots import OwnSlots
from .ray_traced import RayTracedChannels, RayTracedSettings

__all__ = [
    "CIRSettings",
    "ChannelSource",
    "FrequencyResponseSettings",
    "FrequencyResponses",
    "ImpulseResponses",
    "ModelSource",
    "OwnSlots",
    "RayTracedChannels",
    "RayTracedSettings",
    "chosen_source",
    "name_of",
    "slot_source",
    "split_channel",
]
