# SPDX-License-Identifier: Apache-2.0
"""Links with retransmissions that are combined at the receiver."""

from .combining import maximum_ratio_combining
from .link import RetransmissionLink
from .settings import RetransmissionSettings

__all__ = ["RetransmissionLink", "RetransmissionSettings", "maximum_ratio_combining"]
