# SPDX-License-Identifier: Apache-2.0
"""Modes of decision systems."""

from __future__ import annotations

from typing import Literal, get_args

TransmitterMode = Literal["decision", "limit"]
"""Modes in which the transmitter decides or scores; it needs all modalities."""
DecisionMode = Literal["latent", TransmitterMode]
"""Modes of decision systems, see `DecisionSystem`."""
AT_TRANSMITTER: tuple[str, ...] = get_args(TransmitterMode)
