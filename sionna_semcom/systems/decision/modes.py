# SPDX-License-Identifier: Apache-2.0
"""Modes of decision systems."""

from __future__ import annotations

from typing import Literal, get_args

TransmitterMode = Literal["decision", "limit"]
"""Modes in which the transmitter decides or scores; it needs all modalities."""
DecisionMode = Literal["latent", TransmitterMode]
"""Modes of decision systems, see `DecisionSystem`."""
AT_TRANSMITTER: tuple[str, ...] = get_args(TransmitterMode)


def check_mode(mode: str, num_classes: int) -> None:
    """Check that ``mode`` is possible for data of ``num_classes``, which is zero for a score.

    Raises
    ------
    ValueError
        If more or less than one bit would tell the decision, or classes have no score
    """
    if mode == "decision" and num_classes != 2:
        raise ValueError(
            "`mode` can be 'decision' where there are two classes, which one bit tells. "
            f"Received: num_classes={num_classes}"
        )
    if mode == "limit" and num_classes:
        raise ValueError(f"`mode` can be 'limit' for scores. Received: num_classes={num_classes}")
