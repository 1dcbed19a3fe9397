# SPDX-License-Identifier: Apache-2.0
"""Precomputed impulse responses and their files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sionna.phy.channel.tr38901 import CDL, SystemLevelChannel
from sionna.phy.ofdm import ResourceGrid

from ..._files import atomic_hdf5
from ..._hdf5 import open_hdf5, read_dataset
from ..slots.channel import CHUNK, channel_model
from ..slots.drops import drop_users
from ..slots.settings import SlotSettings


class Realizations(NamedTuple):
    """Impulse responses in Sionna's shapes, with angular spreads and positions."""

    a: np.ndarray
    """[num_rows, 1, num_rx_ant, 1, num_tx_ant, num_paths, num_time_steps], path coefficients."""
    tau: np.ndarray
    """[num_rows, 1, 1, num_paths], delays [s]; negative for missing paths."""
    angular_spread: np.ndarray | None = None
    """[num_rows, 2], RMS azimuth spread of arrival and of departure [rad]."""
    position: np.ndarray | None = None
    """[num_rows, 3], positions [m]; for 3GPP terminals, relative to the base station."""


def realizations(settings: SlotSettings, grid: ResourceGrid, count: int) -> Realizations:
    """Draw ``count`` impulse responses of the model of ``settings``.

    Path loss, shadowing and interferers are disabled. Each row of UMi, UMa and RMa is a drop of a
    terminal with its position and angular spreads. CDL has the spreads of its table, and TDL has no
    spreads.
    """
    settings = settings.model_copy(update={"link_budget": None})
    chunks = list(_chunks(settings, grid, count))
    most = max(chunk.tau.shape[-1] for chunk in chunks)

    def joined(name: str) -> np.ndarray | None:
        parts = [getattr(chunk, name) for chunk in chunks]
        return None if parts[0] is None else np.concatenate(parts)

    return Realizations(
        np.concatenate([_padded(chunk.a, most, 5, 0.0) for chunk in chunks]),
        np.concatenate([_padded(chunk.tau, most, 3, -1.0) for chunk in chunks]),
        joined("angular_spread"),
        joined("position"),
    )


def write_realizations(
    path: str | os.PathLike[str], found: Realizations, sampling_frequency: float
) -> None:
    """Write a file for `ImpulseResponses` atomically."""
    with atomic_hdf5(path) as file:
        for name, values in found._asdict().items():
            if values is not None:
                file[name] = values
        file.attrs["sampling_frequency"] = sampling_frequency


def read_realizations(path: str | os.PathLike[str]) -> Realizations:
    """Read a file of :func:`write_realizations`.

    Raises
    ------
    ValueError
        If the file is damaged
    """
    with open_hdf5(path, "file of impulse responses") as file:
        names = [name for name in Realizations._fields if name in file]
        return Realizations(**{name: read_dataset(file, name) for name in names})


def azimuth_spread(azimuths: np.ndarray, powers: np.ndarray) -> np.ndarray:
    r"""RMS azimuth spread [rad] of paths, annex A of TR 38.901.

    .. math:: \sqrt{-2\ln\left|\frac{\sum_p P_p e^{j\varphi_p}}{\sum_p P_p}\right|}

    Input
    -----
    azimuths : [..., num_paths], `float`
        Angles [rad]

    powers : [..., num_paths], `float`
        Powers, not all zero

    Output
    ------
    : [...], `float`
        Spreads
    """
    mean = np.abs(np.sum(powers * np.exp(1j * azimuths), -1)) / np.sum(powers, -1)
    found: np.ndarray = np.sqrt(-2.0 * np.log(np.clip(mean, np.finfo(float).tiny, 1.0)))
    return found


def _chunks(settings: SlotSettings, grid: ResourceGrid, count: int) -> Iterator[Realizations]:
    model: Any = channel_model(settings)
    times = grid.num_ofdm_symbols, 1.0 / float(grid.ofdm_symbol_duration)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        position = None
        if isinstance(model, SystemLevelChannel):
            terminals, stations, *_ = drop_users(model, settings, size)
            position = (terminals - stations).numpy()[:, 0]
        a, tau = (part.numpy() for part in model(size, *times))
        yield Realizations(a, tau, _spreads(model, settings, size), position)


def _spreads(model: Any, settings: SlotSettings, size: int) -> np.ndarray | None:
    """Azimuth spreads of arrival and departure, [size, 2], or `None` for TDL."""
    if isinstance(model, SystemLevelChannel):
        drawn = np.stack([model._lsp.asa[:, 0, 0], model._lsp.asd[:, 0, 0]], -1)
        spreads = np.deg2rad(drawn.astype(float))  # in the downlink, arrival is at the terminal
        return spreads if settings.direction == "downlink" else spreads[:, ::-1]
    if not isinstance(model, CDL):
        return None
    rays = model._aoa.shape[-1]
    powers = np.repeat(np.asarray(model._powers, float).ravel() / rays, rays)
    k_factor = float(model._k_factor[0, 0, 0]) if model._los else 0.0
    powers = np.append(powers / (1.0 + k_factor), k_factor / (1.0 + k_factor))
    ends = []
    for scattered, direct in ((model._aoa, "_los_aoa"), (model._aod, "_los_aod")):
        sight = float(np.ravel(getattr(model, direct))[0]) if model._los else 0.0
        ends.append(azimuth_spread(np.append(np.asarray(scattered, float), sight), powers))
    return np.tile(ends, [size, 1])


def _padded(values: np.ndarray, num_paths: int, axis: int, value: float) -> np.ndarray:
    """Pad ``values`` to the maximum number of paths of all chunks."""
    missing = [(0, 0)] * values.ndim
    missing[axis] = (0, num_paths - values.shape[axis])
    return np.pad(values, missing, constant_values=value)
