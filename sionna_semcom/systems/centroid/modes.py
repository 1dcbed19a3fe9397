# SPDX-License-Identifier: Apache-2.0
"""Modes of centroid transmission and their valid combinations with other settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

Mode = Literal["end_to_end", "paper", "conventional"]


def check_mode(
    mode: str,
    latent_dims: Sequence[int],
    contrastive_weight: float,
    modality_dropout: float = 0.0,
) -> None:
    """Check that a mode is known and compatible with the other settings.

    Raises
    ------
    ValueError
        If ``mode`` is unknown, a centroid or the contrastive loss would combine latents of
        different dimensions, or modalities may be missing in a mode that sends no centroid
    """
    if mode not in get_args(Mode):
        raise ValueError(f"`mode` must be one of {', '.join(get_args(Mode))}. Received: {mode!r}")
    if len(set(latent_dims)) > 1 and (mode != "conventional" or contrastive_weight > 0):
        raise ValueError(
            "Latent dimensions that differ between modalities need mode 'conventional' and "
            f"`contrastive_weight` 0. Received: latent dimensions {list(latent_dims)}, "
            f"mode={mode!r}, contrastive_weight={contrastive_weight}"
        )
    if modality_dropout > 0 and mode != "end_to_end":
        raise ValueError(
            "`modality_dropout` needs mode 'end_to_end', the one that sends the centroid in "
            f"training. Received: modality_dropout={modality_dropout}, mode={mode!r}"
        )
