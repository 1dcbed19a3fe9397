# SPDX-License-Identifier: Apache-2.0
"""What a transmission costs, for one multimodal sample.

Source of TTI and TOI: Grassucci et al., "Contrastive Learning Enables Low-Bandwidth Semantic
Communication", 2025, table 1. They count real numbers and know no channel; channel uses are what
a link charges (`Link.channel_uses`): resource elements, with pilots and padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Number = TypeVar("Number", int, float)


def tti(latent_dims: Iterable[int]) -> int:
    """Total transmitted information: real numbers sent, the sum of the dimensions of all latents.

    Raises
    ------
    ValueError
        If a dimension is not positive
    """
    return sum(_positive("latent_dims", dim) for dim in latent_dims)


def toi(shapes: Mapping[str, Sequence[int]]) -> int:
    """Total original information: real numbers in a sample of all modalities.

    ``shapes`` holds the shape of a sample of each modality: pixels, spectrogram bins, and the
    length of the one-hot word count.

    Raises
    ------
    ValueError
        If a size is not positive
    """
    return sum(math.prod(_positive(name, n) for n in shape) for name, shape in shapes.items())


def tti_over_toi(latent_dims: Iterable[int], shapes: Mapping[str, Sequence[int]]) -> float:
    """Real numbers sent over real numbers in the original, free of units."""
    return tti(latent_dims) / toi(shapes)


def bandwidth_ratio(channel_uses: float, shapes: Mapping[str, Sequence[int]]) -> float:
    """Complex channel uses over real numbers in the original, free of units.

    Parameters
    ----------
    channel_uses : `float`
        Complex channel uses a sample, pilots and padding included
    shapes : `dict`
        Shape of a sample of each modality

    Raises
    ------
    ValueError
        If ``channel_uses`` or a size is not positive
    """
    return _positive("channel_uses", channel_uses) / toi(shapes)


def _positive(name: str, value: Number) -> Number:
    if not value > 0:
        raise ValueError(f"`{name}` must be positive. Received: {value}")
    return value
