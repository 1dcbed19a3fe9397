# SPDX-License-Identifier: Apache-2.0
"""Mapping between real latents and complex symbols, and packing of symbols into slots."""

from .latent_mapper import LatentDemapper, LatentMapper, num_symbols
from .packing import SlotPacker

__all__ = ["LatentDemapper", "LatentMapper", "SlotPacker", "num_symbols"]
