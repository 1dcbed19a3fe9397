# SPDX-License-Identifier: Apache-2.0
"""Links: Sionna chains from symbols at the transmitter to equalized symbols at the receiver."""

from .awgn import AWGNLink, AWGNSettings
from .base import LINKS, Link, LinkSettings
from .chain import ChainLink
from .coded import CodedTransmission
from .effective import EffectiveAWGNLink, EffectiveAWGNSettings
from .flat_fading import FlatFadingLink, FlatFadingSettings
from .ofdm import OFDMLink, OFDMSettings
from .pusch import (
    DMRSSettings,
    PUSCHLink,
    PUSCHSettings,
    PUSCHSymbolReceiver,
    PUSCHSymbolTransmitter,
    TransportBlockSettings,
)
from .settings import AnyLink, from_settings

__all__ = [
    "LINKS",
    "AWGNLink",
    "AWGNSettings",
    "AnyLink",
    "ChainLink",
    "CodedTransmission",
    "DMRSSettings",
    "EffectiveAWGNLink",
    "EffectiveAWGNSettings",
    "FlatFadingLink",
    "FlatFadingSettings",
    "Link",
    "LinkSettings",
    "OFDMLink",
    "OFDMSettings",
    "PUSCHLink",
    "PUSCHSettings",
    "PUSCHSymbolReceiver",
    "PUSCHSymbolTransmitter",
    "TransportBlockSettings",
    "from_settings",
]
