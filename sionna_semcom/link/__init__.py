# SPDX-License-Identifier: Apache-2.0
"""Links: Sionna chains from symbols at the transmitter to equalized symbols at the receiver."""

from ..channel.slots.link_budget import Budget, InterfererSettings, LinkBudget
from .awgn import AWGNLink, AWGNSettings
from .base import LINKS, Link, LinkSettings
from .bits_and_latents import BitsAndLatentsLink, BitsAndLatentsSettings
from .chain import ChainLink
from .coded import CodedTransmission
from .effective import EffectiveAWGNLink, EffectiveAWGNSettings
from .estimation.network import LearnedEstimator
from .estimation.settings import LearnedEstimatorSettings
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
from .pusch import (
    DMRSSettings,
    PUSCHLink,
    PUSCHSettings,
    PUSCHSymbolReceiver,
    PUSCHSymbolTransmitter,
    TransportBlockSettings,
)
from .retransmission import (
    RetransmissionLink,
    RetransmissionSettings,
    maximum_ratio_combining,
)
from .settings import AnyLink, from_settings

__all__ = [
    "LINKS",
    "AWGNLink",
    "AWGNSettings",
    "AnyLink",
    "BitsAndLatentsLink",
    "BitsAndLatentsSettings",
    "Budget",
    "ChainLink",
    "CodedTransmission",
    "DMRSSettings",
    "DownlinkLink",
    "DownlinkSettings",
    "EffectiveAWGNLink",
    "EffectiveAWGNSettings",
    "FlatFadingLink",
    "FlatFadingSettings",
    "InterfererSettings",
    "LearnedEstimator",
    "LearnedEstimatorSettings",
    "Link",
    "LinkBudget",
    "LinkSettings",
    "MultiUserLink",
    "MultiUserSettings",
    "OFDMLink",
    "OFDMSettings",
    "OverTheAirLink",
    "OverTheAirSettings",
    "PUSCHLink",
    "PUSCHSettings",
    "PUSCHSymbolReceiver",
    "PUSCHSymbolTransmitter",
    "RetransmissionLink",
    "RetransmissionSettings",
    "TransportBlockSettings",
    "UplinkLink",
    "UplinkSettings",
    "from_settings",
    "maximum_ratio_combining",
]
