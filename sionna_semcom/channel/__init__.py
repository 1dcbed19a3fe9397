# SPDX-License-Identifier: Apache-2.0
"""MIMO channels whose matrices are handed out, for precoders that are designed on them."""

from .base import ChannelState, MIMOChannel, MIMOSettings
from .flat import FlatMIMOChannel, FlatMIMOSettings
from .ofdm import OFDMMIMOChannel, OFDMMIMOSettings
from .settings import CHANNELS, ChannelSettings

__all__ = [
    "CHANNELS",
    "ChannelSettings",
    "ChannelState",
    "FlatMIMOChannel",
    "FlatMIMOSettings",
    "MIMOChannel",
    "MIMOSettings",
    "OFDMMIMOChannel",
    "OFDMMIMOSettings",
]
