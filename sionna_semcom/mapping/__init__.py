# SPDX-License-Identifier: Apache-2.0
"""From real latents to complex symbols and back, and many of them into one slot."""

from .latent_mapper import LatentDemapper, LatentMapper, num_symbols
from .packing import SlotPacker

__all__ = ["LatentDemapper", "LatentMapper", "SlotPacker", "num_symbols"]
