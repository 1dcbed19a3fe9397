# SPDX-License-Identifier: Apache-2.0
"""The contract that every source of channels keeps."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from sionna.phy.ofdm import ResourceGrid

from ..._parts import Part, validated
from ..settings import SourceSettings
from ..slots.settings import SlotSettings
from .own_slots import OwnSlots


class ChannelSource(Part):
    """Channels that somebody computed, measured or modeled, for OFDM links and MIMO channels.

    It is built from its settings, reads what it reads, and is asked for slots of a resource grid.

    Parameters
    ----------
    settings :
        Fields of `settings_class`, a `SourceSettings`

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of what its channels come from, by name
    """

    settings_class = SourceSettings
    checksums: dict[str, str]

    def __init__(self, **settings: Any) -> None:
        self.settings: Any = validated(self.settings_class, settings)
        self.checksums = dict(self.settings.checksums)

    @property
    def name(self) -> str:
        """What summaries and messages call it."""
        return str(self.settings.kind)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build an equal source, as plain values (JSON).

        Raises
        ------
        ValueError
            If no settings can name it, as a channel model of Sionna
        """
        if not self.settings.kind:
            raise ValueError(
                "a channel model that is given in Python cannot be saved; save over a named "
                f"`model` or a file, and replace the link. Received: channel={self.name}"
            )
        return super().get_config()

    @abstractmethod
    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> OwnSlots:
        """Slots on ``resource_grid``, of the antennas of ``settings``.

        Raises
        ------
        ValueError
            If the channels do not fit: other antennas, a wider band, longer delays than the slot
        """
