# SPDX-License-Identifier: Apache-2.0
"""Latents and coded bits in slots of the physical uplink shared channel (PUSCH) of 5G NR."""

from .link import PUSCHLink
from .settings import PUSCHSettings
from .slot_parts import DMRSSettings, TransportBlockSettings
from .symbols import PUSCHSymbolReceiver, PUSCHSymbolTransmitter

__all__ = [
    "DMRSSettings",
    "PUSCHLink",
    "PUSCHSettings",
    "PUSCHSymbolReceiver",
    "PUSCHSymbolTransmitter",
    "TransportBlockSettings",
]
