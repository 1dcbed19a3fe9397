# SPDX-License-Identifier: Apache-2.0
"""Construction of links and MIMO channels from settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from ..channel import MIMOChannel
from ..channel.settings import ChannelSettings
from .base import LINKS, Link

AnyLink = Annotated[ChannelSettings, LINKS]
"""Settings of any link or MIMO channel, selected by ``kind``."""


def from_settings(
    settings: ChannelSettings | Mapping[str, Any], seed: int = 0
) -> Link | MIMOChannel:
    """Build the link or MIMO channel of ``settings``, such as ``{"kind": "awgn"}``.

    Parameters
    ----------
    settings : `ChannelSettings` | `dict`
        Settings of a link or of a MIMO channel
    seed : `int`
        Training seed. It selects the realization of fixed channels and the trained weights of
        estimators, if their settings depend on it

    Output
    ------
    : :class:`Link` | :class:`~sionna_semcom.channel.MIMOChannel`
        Link or MIMO channel

    Raises
    ------
    ValueError
        If a setting is unknown or invalid; the message contains the setting, its value and the
        accepted values
    """
    chosen: Any = LINKS.settings(settings)
    built: Link | MIMOChannel = LINKS.build(chosen.of_training(seed))
    return built
