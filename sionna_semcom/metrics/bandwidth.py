# SPDX-License-Identifier: Apache-2.0
"""Bandwidth of a transmission, per multimodal sample.

Source of TTI and TOI: Grassucci et al., "Contrastive Learning Enables Low-Bandwidth Semantic
Communication", 2025, table 1. TTI and TOI count real numbers and do not account for a channel.
Channel uses (`Link.channel_uses`) are resource elements, including pilots and padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

Number = TypeVar("Number", int, float)


def tti(latent_dims: Iterable[int]) -> int:
    """Total transmitted information: the sum of the dimensions of all transmitted latents.

    Parameters
    ----------
    latent_dims : iterable of `int`
        Dimensions of the transmitted latents

    Output
    ------
    : `int`
        Number of real numbers

    Raises
    ------
    ValueError
        If a dimension is not positive
    """
    return sum(_positive("latent_dims", dim) for dim in latent_dims)


def toi(shapes: Mapping[str, Sequence[int]]) -> int:
    """Total original information: real numbers in a sample of all modalities.

    ``shapes`` contains the shape of a sample of each modality. The sizes are numbers of pixels and
    spectrogram bins, and the length of the one-hot word.

    Parameters
    ----------
    shapes : `dict`
        Shape of a sample of each modality

    Output
    ------
    : `int`
        Number of real numbers

    Raises
    ------
    ValueError
        If a size is not positive
    """
    return sum(math.prod(_positive(name, n) for n in shape) for name, shape in shapes.items())


def tti_over_toi(latent_dims: Iterable[int], shapes: Mapping[str, Sequence[int]]) -> float:
    """Ratio of transmitted real numbers to real numbers in the original, unitless.

    Parameters
    ----------
    latent_dims : iterable of `int`
        Dimensions of the transmitted latents
    shapes : `dict`
        Shape of a sample of each modality

    Output
    ------
    : `float`
        Ratio
    """
    return tti(latent_dims) / toi(shapes)


def bandwidth_ratio(channel_uses: float, shapes: Mapping[str, Sequence[int]]) -> float:
    """Ratio of complex channel uses to real numbers in the original, unitless.

    Parameters
    ----------
    channel_uses : `float`
        Complex channel uses per sample, including pilots and padding
    shapes : `dict`
        Shape of a sample of each modality

    Output
    ------
    : `float`
        Ratio

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
