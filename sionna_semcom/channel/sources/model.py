# SPDX-License-Identifier: Apache-2.0
"""Channels from a channel model that is given in Python."""

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
    """Settings of `ModelSource`, which is not available in studies."""

    model_name: str = ""
    """Class of the model."""


class ModelSource(ChannelSource):
    """Channels from any of Sionna's channel models, or from your own model.

    If the batch size of a model is fixed, as for UMi with a topology or
    :class:`~sionna.phy.channel.CIRDataset`, a pool is drawn once, from which slots are selected at
    random. The setting ``pool_size`` of a link is its size, 512 by default. Quantities that the
    model draws only once, such as a topology, are common to the whole pool.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.ChannelModel`
        Model of one transmitter and one receiver, called as
        ``model(batch_size, num_time_steps, sampling_frequency)``

    normalize : "slot" (default) | "average" | "none"
        Normalization to unit mean energy: of every slot, or of the model on average, which keeps
        the fading of whole slots. With "none", channel and noise power have the unit of the model.

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
