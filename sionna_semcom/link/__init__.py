# SPDX-License-Identifier: Apache-2.0
"""Links: Sionna chains from symbols at the transmitter to equalized symbols at the receiver."""

from ..channel.slots.link_budget import Budget, InterfererSettings, LinkBudget
from .awgn import AWGNLink, AWGNSettings
from .base import LINKS, Link, LinkSettings
from .coded import CodedTransmission
from .effective import EffectiveAWGNLink, EffectiveAWGNSettings
from .flat_fading import FlatFadingLink, FlatFadingSettings
from .ofdm import OFDMLink, OFDMSettings
from .pusch import DMRSSettings, PUSCHLink, PUSCHSettings, TransportBlockSettings
from .settings import AnyLink, from_settings

__all__ = [
    "LINKS",
    "AWGNLink",
    "AWGNSettings",
    "AnyLink",
    "Budget",
    "CodedTransmission",
    "DMRSSettings",
    "EffectiveAWGNLink",
    "EffectiveAWGNSettings",
    "FlatFadingLink",
    "FlatFadingSettings",
    "InterfererSettings",
    "Link",
    "LinkBudget",
    "LinkSettings",
    "OFDMLink",
    "OFDMSettings",
    "PUSCHLink",
    "PUSCHSettings",
    "TransportBlockSettings",
    "from_settings",
]
