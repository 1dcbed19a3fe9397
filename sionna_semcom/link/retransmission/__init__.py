# SPDX-License-Identifier: Apache-2.0
"""Several transmissions of a row of symbols, combined at the receiver."""

from .combining import maximum_ratio_combining
from .link import RetransmissionLink
from .settings import RetransmissionSettings

__all__ = ["RetransmissionLink", "RetransmissionSettings", "maximum_ratio_combining"]
