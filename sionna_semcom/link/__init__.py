# SPDX-License-Identifier: Apache-2.0
"""Links: Sionna chains from symbols at the transmitter to equalized symbols at the receiver."""

from .awgn import AWGNLink, AWGNSettings
from .base import LINKS, Link, LinkSettings
from .coded import CodedTransmission
from .effective import EffectiveAWGNLink, EffectiveAWGNSettings
from .flat_fading import FlatFadingLink, FlatFadingSettings
from .multiuser import (
    DownlinkLink,
    DownlinkSettings,
    MultiUserLink,
    MultiUserSettings,
    OverTheAirLink,
    OverTheAirSettings,
    UplinkLink,
    UplinkSettings,
)
from .ofdm import OFDMLink, OFDMSettings
from .pusch import DMRSSettings, PUSCHLink, PUSCHSettings, TransportBlockSettings
from .settings import AnyLink, from_settings

__all__ = [
    "LINKS",
    "AWGNLink",
    "AWGNSettings",
    "AnyLink",
    "CodedTransmission",
    "DMRSSettings",
    "DownlinkLink",
    "DownlinkSettings",
    "EffectiveAWGNLink",
    "EffectiveAWGNSettings",
    "FlatFadingLink",
    "FlatFadingSettings",
    "Link",
    "LinkSettings",
    "MultiUserLink",
    "MultiUserSettings",
    "OFDMLink",
    "OFDMSettings",
    "OverTheAirLink",
    "OverTheAirSettings",
    "PUSCHLink",
    "PUSCHSettings",
    "TransportBlockSettings",
    "UplinkLink",
    "UplinkSettings",
    "from_settings",
]
