# SPDX-License-Identifier: Apache-2.0
"""Links and MIMO channels from their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from ..channel import MIMOChannel
from ..channel.settings import ChannelSettings
from .base import LINKS, Link

AnyLink = Annotated[ChannelSettings, LINKS]
"""Settings of any link or MIMO channel; ``kind`` says which."""


def from_settings(
    settings: ChannelSettings | Mapping[str, Any], seed: int = 0
) -> Link | MIMOChannel:
    """Build the link or MIMO channel that ``settings`` describe, such as ``{"kind": "awgn"}``.

    ``seed`` is that of the training that it is for; fixed channels may follow it.

    Parameters
    ----------
    settings : `ChannelSettings` | `dict`
        Settings of a link or of a MIMO channel
    seed : `int`
        Training seed, which fixed channels may follow

    Output
    ------
    : :class:`Link` | :class:`~sionna_semcom.channel.MIMOChannel`
        The link or MIMO channel

    Raises
    ------
    ValueError
        If a setting is unknown or wrong, naming it, the value and what would be accepted
    """
    chosen: Any = LINKS.settings(settings)
    built: Link | MIMOChannel = LINKS.build(chosen.of_training(seed))
    return built
