# SPDX-License-Identifier: Apache-2.0
"""Creation of a source of slots from the argument ``channel`` of a link or MIMO channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sionna.phy.ofdm import ResourceGrid

from ..settings import SOURCES, SourceSettings
from ..slots.budgeted import BudgetedSlots
from ..slots.channel import SlotChannel
from ..slots.path_channel import PathChannel
from ..slots.settings import SlotSettings
from ..slots.source import SlotSource
from .base import ChannelSource
from .model import ModelSource


def split_channel(
    channel: Any, settings: Mapping[str, Any]
) -> tuple[ChannelSource | None, dict[str, Any]]:
    """Separate sources that settings cannot describe from the settings of a link or MIMO channel.

    Parameters
    ----------
    channel
        The argument: `None`, a name, settings, a source, or a channel model of Sionna
    settings : `dict`
        The other arguments

    Output
    ------
    source : `ChannelSource` | `None`
        Source that was given in Python
    settings : `dict`
        Arguments with ``channel``

    Raises
    ------
    ValueError
        If ``channel`` is none of these, or ``model`` is a channel model instead of a name
    """
    model = settings.get("model")
    if callable(model):
        raise ValueError(
            "`model` must be the name of a model; a channel model of Sionna is given as `channel`. "
            f"Received: model={type(model).__name__}(...), which should be channel="
            f"{type(model).__name__}(...)"
        )
    if channel is None:
        return None, dict(settings)
    if isinstance(channel, (str, Mapping, SourceSettings)):
        return None, {**settings, "channel": channel}
    source = channel if isinstance(channel, ChannelSource) else ModelSource(channel)
    return source, {**settings, "channel": source.settings}


def slot_source(
    settings: SlotSettings, resource_grid: ResourceGrid, source: ChannelSource | None
) -> SlotSource:
    """Source of slots of ``settings``: a named model, or ``source``."""
    slots: SlotSource
    if source is None:
        kind = PathChannel if settings.domain == "time" else SlotChannel
        slots = kind(settings, resource_grid)
    else:
        slots = source.slots(settings, resource_grid)
    if settings.link_budget is None:
        return slots
    return BudgetedSlots(slots, settings, resource_grid)


def name_of(source: ChannelSource | None) -> str | None:
    """Name of ``source`` in summaries, or `None` for a named model."""
    return None if source is None else source.name


def chosen_source(settings: SlotSettings, source: ChannelSource | None) -> ChannelSource | None:
    """Return ``source``, or the source of ``settings``, or `None`.

    Raises
    ------
    ValueError
        If the settings are those of a channel model object that was not given again
    """
    if source is not None or not isinstance(settings.channel, SourceSettings):
        return source
    if not settings.channel.kind:
        raise ValueError(
            "`channel` must be given in Python again, as settings hold no channel model. "
            f"Received: settings of {getattr(settings.channel, 'model_name', 'one')}"
        )
    built: ChannelSource = SOURCES.build(settings.channel)
    return built
