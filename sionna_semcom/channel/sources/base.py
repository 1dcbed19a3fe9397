# SPDX-License-Identifier: Apache-2.0
"""Base class of sources of channels."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from sionna.phy.ofdm import ResourceGrid

from ..._parts import Part, validated
from ..settings import SourceSettings
from ..slots.settings import SlotSettings
from .own_slots import OwnSlots


class ChannelSource(Part):
    """Source of computed, measured or modeled channels for OFDM links and MIMO channels.

    A source reads its files at construction. Links request slots of a resource grid from it.

    Parameters
    ----------
    settings :
        Fields of `settings_class`, a `SourceSettings`

    Attributes
    ----------
    checksums : `dict` of `str`
        SHA-256 of its files, by name
    """

    settings_class = SourceSettings
    checksums: dict[str, str]

    def __init__(self, **settings: Any) -> None:
        self.settings: Any = validated(self.settings_class, settings)
        self.checksums = dict(self.settings.checksums)

    @property
    def name(self) -> str:
        """Name in summaries and messages."""
        return str(self.settings.kind)

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments of the constructor as plain values (JSON).

        Raises
        ------
        ValueError
            If the source is a channel model object, which settings cannot describe
        """
        if not self.settings.kind:
            raise ValueError(
                "a channel model that is given in Python cannot be saved; save over a named "
                f"`model` or a file, and replace the link. Received: channel={self.name}"
            )
        return super().get_config()

    @abstractmethod
    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> OwnSlots:
        """Slots on ``resource_grid`` with the antennas of ``settings``.

        Raises
        ------
        ValueError
            If the channels do not match the antennas, the band or the duration of the slot
        """
