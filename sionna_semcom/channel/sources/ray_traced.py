# SPDX-License-Identifier: Apache-2.0
"""Ray-traced channels in a scene."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from sionna.phy.ofdm import ResourceGrid

from ..settings import MAX_SPEED, SOURCES
from ..slots.settings import SlotSettings
from .base import ChannelSource
from .file_settings import SplitSettings, along, check_count, rows_of
from .impulse_responses import PathSlots, paths_of
from .realizations import Realizations
from .scenes import scene_checksum, scene_file
from .traced_paths import digest_of, traced_paths

Place = tuple[float, float, float]


class RayTracedSettings(SplitSettings):
    """Settings of `RayTracedChannels`."""

    kind: Literal["ray_traced"] = "ray_traced"
    """Selects this source in a study."""
    scene: str
    """Scene of `sionna.rt`, such as `munich`, or an XML file of Mitsuba."""
    transmitter: Place
    """Position of the transmitter [m]."""
    area: tuple[Place, Place]
    """Two corners of the box in which receivers are placed at random [m]."""
    num_receivers: int = Field(default=200, ge=1)
    """Number of random positions; positions without paths are removed."""
    speed: float = Field(default=0.0, ge=0.0, le=MAX_SPEED)
    """Speed of receivers [m/s], in random horizontal directions."""
    carrier_frequency: float = Field(default=3.5e9, gt=0.0)
    """Carrier frequency [Hz]."""
    max_depth: int = Field(default=3, ge=0, le=20)
    """Maximum number of reflections of a path."""
    seed: int = Field(default=0, ge=0)
    """Seed of positions and directions."""

    @model_validator(mode="after")
    def _check_area(self) -> RayTracedSettings:
        first, second = self.area
        if any(low > high for low, high in zip(first, second, strict=True)):
            raise ValueError(
                "`area` must be the lower corner and the upper one of a box. "
                f"Received: {first} and {second}"
            )
        return self

    @property
    def checksums(self) -> Mapping[str, str]:
        """SHA-256 of the scene with its meshes."""
        return {self.scene: scene_checksum(scene_file(self.scene))}


@SOURCES.register(RayTracedSettings)
class RayTracedChannels(ChannelSource):
    """Ray-traced channels from one transmitter to receivers in an area, computed by `sionna.rt`.

    Antennas are rows of TR 38.901 elements at the transmitter and omnidirectional elements at
    receivers: cross-polarized pairs, or vertical elements if the number is odd. Channels are traced
    when a link is first built, which takes seconds to a minute for a hundred receivers, and are
    then stored in the user's cache folder. `sionna.rt` needs LLVM or a GPU.

    Raises
    ------
    FileNotFoundError, ValueError
        If the scene does not exist, no path reaches a receiver, or LLVM is missing
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._file = scene_file(self.settings.scene)

    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> PathSlots:
        """Slots on ``resource_grid``."""
        if resource_grid.num_ofdm_symbols > settings.num_ofdm_symbols and not self.settings.speed:
            raise ValueError(
                "`csi`='delayed' needs a `speed` above zero of the receivers. Received: speed=0"
            )
        found = self.realizations(settings, resource_grid)
        where = f"the scene {self.settings.scene}"
        rows = rows_of(self.settings, along(np.asarray(found.position)), len(found.a), where)
        check_count(settings, len(rows), f"split={self.settings.split!r} of {where}")
        paths = paths_of(found.a.astype(complex), found.tau.astype(float))
        return PathSlots(settings, resource_grid, self.settings.normalize, rows, paths)

    def realizations(self, settings: SlotSettings, grid: ResourceGrid) -> Realizations:
        """Impulse responses of all positions that paths reach. Their checksum is recorded."""
        task = self._task(settings, grid)
        found, name = traced_paths(task, self.checksums[self.settings.scene])
        self.checksums[f"paths of {name}"] = digest_of(found)
        return found

    def _task(self, settings: SlotSettings, grid: ResourceGrid) -> dict[str, Any]:
        """Input of the ray tracer."""
        chosen: RayTracedSettings = self.settings
        rng = np.random.default_rng(chosen.seed)
        places = rng.uniform(*chosen.area, size=(chosen.num_receivers, 3))
        turns = rng.uniform(0.0, 2.0 * np.pi, chosen.num_receivers)
        velocities = chosen.speed * np.stack([np.cos(turns), np.sin(turns), 0.0 * turns], 1)
        return {
            "scene": str(self._file),
            "carrier_frequency": chosen.carrier_frequency,
            "transmitter": chosen.transmitter,
            "places": places.tolist(),
            "velocities": velocities.tolist(),
            "max_depth": chosen.max_depth,
            "seed": chosen.seed + 1,
            "num_tx_ant": settings.num_tx_ant,
            "num_rx_ant": settings.num_rx_ant,
            "num_time_steps": grid.num_ofdm_symbols if chosen.speed else 1,
            "sampling_frequency": 1.0 / float(grid.ofdm_symbol_duration),
        }
