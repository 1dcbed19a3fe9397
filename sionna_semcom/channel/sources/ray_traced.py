# SPDX-License-Identifier: Apache-2.0
"""Channels that are ray traced in a scene."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from sionna.phy.ofdm import ResourceGrid

from ..._files import sha256
from ..settings import MAX_SPEED, SOURCES
from ..slots.settings import SlotSettings
from . import tracer
from .base import ChannelSource
from .file_settings import SplitSettings, along, check_count, rows_of
from .impulse_responses import PathSlots, paths_of

Place = tuple[float, float, float]


class RayTracedSettings(SplitSettings):
    """Settings of `RayTracedChannels`."""

    kind: Literal["ray_traced"] = "ray_traced"
    """Selects this source in a study."""
    scene: str
    """Scene that comes with `sionna.rt`, such as `munich`, or an XML file of Mitsuba."""
    transmitter: Place
    """Place of the transmitter [m]."""
    area: tuple[Place, Place]
    """Two corners of the box in which receivers are placed at random [m]."""
    num_receivers: int = Field(default=200, ge=1)
    """Places that are tried; those that no path reaches are left out."""
    speed: float = Field(default=0.0, ge=0.0, le=MAX_SPEED)
    """Speed of receivers [m/s], in random horizontal directions."""
    carrier_frequency: float = Field(default=3.5e9, gt=0.0)
    """Carrier frequency [Hz]."""
    max_depth: int = Field(default=3, ge=0, le=20)
    """Reflections of a path at most."""
    seed: int = Field(default=0, ge=0)
    """Seed of places and directions."""

    @model_validator(mode="after")
    def _check_area(self) -> RayTracedSettings:
        first, second = self.area
        if any(low > high for low, high in zip(first, second, strict=True)):
            raise ValueError(
                "`area` must be the lower corner and the upper one of a box. "
                f"Received: {first} and {second}"
            )
        return self


@SOURCES.register(RayTracedSettings)
class RayTracedChannels(ChannelSource):
    """Ray-traced channels from one transmitter to receivers all over an area, by `sionna.rt`.

    Antennas are rows of the transmitter's 38.901 elements and of omnidirectional ones at receivers,
    cross-polarized pairs or vertical elements if the number is odd. Channels are traced when a link
    is built: a hundred receivers take seconds to a minute. `sionna.rt` needs LLVM or a GPU.

    Raises
    ------
    ValueError
        In one line, if there is no such scene, no path reaches a receiver, or LLVM is missing
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        path = Path(self.settings.scene)
        if path.suffix == ".xml":
            if not path.is_file():
                raise FileNotFoundError(f"No scene {path}")
            self.checksums = {path.name: sha256(path)}

    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> PathSlots:
        """Slots on ``resource_grid``."""
        if resource_grid.num_ofdm_symbols > settings.num_ofdm_symbols and not self.settings.speed:
            raise ValueError(
                "`csi`='delayed' needs a `speed` above zero of the receivers. Received: speed=0"
            )
        places, a, tau = self._trace(settings, resource_grid)
        reached = np.any((tau >= 0.0) & np.any(a != 0.0, axis=(1, 2, 3, 5))[:, None], axis=(1, 2))
        if not reached.any():
            raise ValueError(
                "No path reaches `area` from `transmitter`. "
                f"Received: scene={self.settings.scene!r}, max_depth={self.settings.max_depth}"
            )
        paths = paths_of(a[reached][:, np.newaxis], tau[reached][:, np.newaxis])
        where = f"the scene {self.settings.scene}"
        rows = rows_of(self.settings, along(places[reached]), len(paths.a), where)
        check_count(settings, len(rows), f"split={self.settings.split!r} of {where}")
        return PathSlots(settings, resource_grid, self.settings.normalize, rows, paths)

    def _trace(
        self, settings: SlotSettings, grid: ResourceGrid
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places of receivers, coefficients and delays of their paths."""
        chosen: RayTracedSettings = self.settings
        rng = np.random.default_rng(chosen.seed)
        places = rng.uniform(*chosen.area, size=(chosen.num_receivers, 3))
        turns = rng.uniform(0.0, 2.0 * np.pi, chosen.num_receivers)
        velocities = chosen.speed * np.stack([np.cos(turns), np.sin(turns), 0.0 * turns], 1)
        task = {
            "scene": chosen.scene,
            "carrier_frequency": chosen.carrier_frequency,
            "transmitter": chosen.transmitter,
            "places": places.tolist(),
            "velocities": velocities.tolist(),
            "max_depth": chosen.max_depth,
            "seed": chosen.seed + 1,
            "num_tx_ant": settings.num_tx_ant,
            "num_rx_ant": settings.num_rx_ant,
            "num_time_steps": grid.num_ofdm_symbols,
            "sampling_frequency": 1.0 / float(grid.ofdm_symbol_duration),
        }
        return places, *_traced(task)


def _traced(task: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and delays that another process computes, without TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paths.npz"
        done = subprocess.run(
            [sys.executable, tracer.__file__, path],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            with np.load(path, allow_pickle=False) as found:
                return found["a"].astype(complex), found["tau"].astype(float)
    reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if "llvm" in done.stderr.lower() or "ModuleNotFoundError" in reason:
        raise ValueError(
            "Ray tracing needs LLVM (Debian: libllvm15) or a GPU, and sionna-rt. "
            f"Received: {reason[:200]}"
        )
    kind, _, message = reason.partition(": ")
    if kind == "ValueError" and "Received" in message:
        raise ValueError(message)
    raise ValueError(f"Ray tracing failed. Received: {reason[:300]}")
