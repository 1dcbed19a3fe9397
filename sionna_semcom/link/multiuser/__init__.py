# SPDX-License-Identifier: Apache-2.0
"""Links of several users in a cell."""

from .base import MultiUserLink
from .downlink import DownlinkLink
from .over_the_air import OverTheAirLink, OverTheAirSettings
from .settings import DownlinkSettings, MultiUserSettings, UplinkSettings
from .uplink import UplinkLink

__all__ = [
    "DownlinkLink",
    "DownlinkSettings",
    "MultiUserLink",
    "MultiUserSettings",
    "OverTheAirLink",
    "OverTheAirSettings",
    "UplinkLink",
    "UplinkSettings",
]
