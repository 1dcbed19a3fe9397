# SPDX-License-Identifier: Apache-2.0
"""MIMO-OFDM link over the 3GPP TR 38.901 channel models."""

from .link import OFDMLink
from .settings import OFDMSettings

__all__ = ["OFDMLink", "OFDMSettings"]
