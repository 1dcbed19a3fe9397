# SPDX-License-Identifier: Apache-2.0
"""Channels of a channel model that is given in Python."""

from __future__ import annotations

from sionna.phy.channel import ChannelModel
from sionna.phy.ofdm import ResourceGrid

from ..._messages import shortened
from ..settings import SourceSettings
from ..slots.settings import SlotSettings
from .base import ChannelSource
from .model_paths import ModelPaths
from .model_slots import ModelSlots
from .own_slots import OwnSlots


class ModelSourceSettings(SourceSettings):
    """Settings of `ModelSource`, which no study can name."""

    model_name: str = ""
    """Class of the model."""


class ModelSource(ChannelSource):
    """Channels of any of Sionna's channel models, or of one of your own.

    A model that is bound to a batch size, as UMi with a topology or
    :class:`~sionna.phy.channel.CIRDataset`, fills a pool once, of which slots are taken at random:
    ``pool_size`` of a link sets its size, 512 by default. What the model draws once, such as a
    topology, is the same in the whole pool.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.ChannelModel`
        Model of one transmitter and one receiver, called as
        ``model(batch_size, num_time_steps, sampling_frequency)``

    normalize : "slot" (default) | "average" | "none"
        What has unit mean energy: every slot, or the model on average, whose slots then fade as a
        whole. With "none" the channel stays in its own unit, and so does the noise power

    Raises
    ------
    ValueError
        If ``model`` cannot be called
    """

    settings_class = ModelSourceSettings

    def __init__(self, model: ChannelModel, normalize: str = "slot") -> None:
        super().__init__(normalize=normalize, model_name=type(model).__name__)
        if not callable(model):
            raise ValueError(
                "`channel` must be the name of a model, settings, a source of channels or a "
                f"channel model of Sionna. Received: {shortened(model, 100)}"
            )
        self.model = model

    @property
    def name(self) -> str:
        """Class of the model."""
        return str(self.settings.model_name)

    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> OwnSlots:
        """Slots on ``resource_grid``."""
        kind = ModelPaths if settings.domain == "time" else ModelSlots
        return kind(self.model, settings, resource_grid, self.settings.normalize)
