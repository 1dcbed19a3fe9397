# SPDX-License-Identifier: Apache-2.0
"""Channels from a file of impulse responses."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import h5py
import numpy as np
import tensorflow as tf
from sionna.phy.channel import subcarrier_frequencies
from sionna.phy.ofdm import ResourceGrid

from ..._hdf5 import open_hdf5
from ..settings import SOURCES
from ..slots.channel import in_units, path_response
from ..slots.interference import delay_interference
from ..slots.settings import SlotSettings
from ..slots.waveform import waveform
from .base import ChannelSource
from .file_settings import (
    FileSettings,
    check_magnitudes,
    check_slots,
    numbers,
    read_order,
    rows_of,
)
from .own_slots import KeptSlots

SAME_RATE = 0.01  # relative tolerance of sampling frequencies


class CIRSettings(FileSettings):
    """Settings of `ImpulseResponses`."""

    kind: Literal["cir"] = "cir"
    """Selects this source in a study."""


class Paths(NamedTuple):
    """Impulse responses of single pairs of a transmitter and a receiver."""

    a: np.ndarray
    """[num_rows, num_rx_ant, num_tx_ant, num_paths, num_time_steps], path coefficients."""
    tau: np.ndarray
    """[num_rows, num_paths], delays after the first path [s]."""
    order: np.ndarray | None = None
    """[num_rows], sort key of the rows."""
    sampling_frequency: float | None = None
    """Time steps per second [Hz]."""
    angular_spread: np.ndarray | None = None
    """[num_rows, 2], RMS azimuth spread of arrival and departure [rad]."""

    @property
    def powers(self) -> np.ndarray:
        """[num_rows, num_paths], mean power over antennas and time."""
        found: np.ndarray = np.mean(np.abs(self.a) ** 2, axis=(1, 2, 4))
        return found


@SOURCES.register(CIRSettings)
class ImpulseResponses(ChannelSource):
    """Channel impulse responses from an HDF5 file, such as those of a ray tracer.

    The file has the datasets

    - ``a`` [num_rows, num_rx, num_rx_ant, num_tx, num_tx_ant, num_paths, num_time_steps], complex:
      path coefficients in the format of Sionna's channel models. The first axis may be missing, as
      in the output of `sionna.rt`. Each pair of a receiver and a transmitter is a separate row. A
      time step is an OFDM symbol. With one step the channel is constant within a slot
    - ``tau`` [num_rows, num_rx, num_tx, num_paths]: delays [s]. Paths with a negative delay or zero
      power are ignored. The receiver is synchronized to the first path of a row
    - optionally ``time`` [num_rows] in [s], which must not decrease, or ``position`` [num_rows, 3]
      in [m], which define the splits; rows are counted over receivers, then transmitters
    - optionally ``angular_spread`` [num_rows, 2], the RMS azimuth spread of arrival and of
      departure [rad], which the command ``sionna-semcom channel`` shows

    and optionally the attribute ``sampling_frequency`` [Hz], the time steps per second.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, has missing datasets, wrong shapes, NaN, a row without paths or
        decreasing times
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        path = self.settings.path
        with open_hdf5(self.settings.file, "file of impulse responses") as file:
            self.paths = read_paths(file)
        self.rows = rows_of(self.settings, self.paths.order, len(self.paths.a), f"`{path}`")

    @property
    def antennas(self) -> tuple[int, int]:
        """Receive and transmit antennas."""
        return self.paths.a.shape[1], self.paths.a.shape[2]

    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> PathSlots:
        """Slots on ``resource_grid``."""
        check_slots(self.settings, settings, self.antennas, len(self.rows))
        self._check_times(settings, resource_grid)
        return PathSlots(settings, resource_grid, self.settings.normalize, self.rows, self.paths)

    def _check_times(self, settings: SlotSettings, grid: ResourceGrid) -> None:
        path, steps = self.settings.path, self.paths.a.shape[-1]
        symbols, duration = grid.num_ofdm_symbols, float(grid.ofdm_symbol_duration)
        if 1 < steps < symbols:
            raise ValueError(
                f"`{path}` must have one time step or one for each OFDM symbol, with `csi_delay` "
                f"{symbols}. Received: num_time_steps={steps}"
            )
        if steps == 1 and symbols > settings.num_ofdm_symbols:
            raise ValueError(
                f"`csi`='delayed' needs channels that change, and those of `{path}` stand still. "
                "Received: num_time_steps=1"
            )
        rate = self.paths.sampling_frequency
        if steps > 1 and rate is not None and abs(rate * duration - 1.0) > SAME_RATE:
            raise ValueError(
                f"`{path}` must have a time step for each OFDM symbol, {1.0 / duration:.6g} Hz. "
                f"Received: sampling_frequency={rate:.6g}"
            )
        slot = settings.num_ofdm_symbols * duration
        late = np.flatnonzero(self.paths.tau.max(1) > slot)
        if len(late):
            raise ValueError(
                f"`{path}` has a path beyond the slot of {slot:.3g} s in row {late[0]}. "
                f"Received: tau={self.paths.tau[late[0]].max():.3g} s after the first path"
            )


def read_paths(file: h5py.File) -> Paths:
    """Impulse responses of an open file, one row per pair of a receiver and a transmitter.

    Raises
    ------
    ValueError
        See `ImpulseResponses`
    """
    paths = paths_of(numbers(file, "a", "c"), numbers(file, "tau"))
    num_rows, spread = len(paths.a), None
    if "angular_spread" in file:
        spread = numbers(file, "angular_spread")
        if spread.shape != (num_rows, 2) or np.any(spread < 0.0):
            raise ValueError(
                f"angular_spread must have shape [{num_rows}, 2], not {list(spread.shape)}, and "
                "not be negative"
            )
    return paths._replace(
        order=read_order(file, num_rows),
        sampling_frequency=_sampling_frequency(file),
        angular_spread=spread,
    )


def paths_of(a: np.ndarray, tau: np.ndarray) -> Paths:
    """Convert impulse responses in Sionna's shapes to rows with delays after the first path.

    Raises
    ------
    ValueError
        If the shapes are wrong, or a row has no path
    """
    if a.ndim == 6 and tau.ndim == 3:
        a, tau = a[np.newaxis], tau[np.newaxis]
    if a.ndim != 7:
        raise ValueError(
            "a must have shape [num_rows, num_rx, num_rx_ant, num_tx, num_tx_ant, num_paths, "
            f"num_time_steps], not {list(a.shape)}"
        )
    rows, num_rx, rx, num_tx, tx, num_paths, steps = a.shape
    if tau.shape != (rows, num_rx, num_tx, num_paths):
        raise ValueError(
            f"tau must have shape [{rows}, {num_rx}, {num_tx}, {num_paths}] if a has shape "
            f"{list(a.shape)}, not {list(tau.shape)}"
        )
    a = a.transpose(0, 1, 3, 2, 4, 5, 6).reshape(-1, rx, tx, num_paths, steps)
    tau = tau.reshape(-1, num_paths)
    exists = (tau >= 0.0) & np.any(a != 0.0, axis=(1, 2, 4))
    lacking = np.flatnonzero(~exists.any(1))
    if len(lacking):
        raise ValueError(f"a and tau must have a path in each row; row {lacking[0]} has no paths")
    a = a * exists[:, np.newaxis, np.newaxis, :, np.newaxis]
    check_magnitudes("a", a)
    first = np.where(exists, tau, np.inf).min(1, keepdims=True)
    tau = np.where(exists, tau - first, 0.0)
    return Paths(a, tau)


def _sampling_frequency(file: h5py.File) -> float | None:
    rate = file.attrs.get("sampling_frequency")
    if rate is None:
        return None
    if np.ndim(rate) or np.asarray(rate).dtype.kind not in "iuf" or not 0 < rate < np.inf:
        raise ValueError("the attribute sampling_frequency must be a positive number")
    return float(rate)


class PathSlots(KeptSlots):
    """Draws slots of impulse responses.

    Parameters
    ----------
    paths : `Paths`
        Impulse responses

    See `KeptSlots` for the others, input and output.
    """

    def __init__(
        self,
        settings: SlotSettings,
        resource_grid: ResourceGrid,
        normalize: Literal["slot", "average", "none"],
        rows: np.ndarray,
        paths: Paths,
    ) -> None:
        super().__init__(settings, resource_grid, normalize, rows)
        steps = resource_grid.num_ofdm_symbols
        a = paths.a[..., :steps]
        largest = np.abs(a).max(axis=(1, 2, 3, 4), keepdims=True)
        unit = largest if normalize == "none" else largest / largest.max()
        self._largest = tf.constant(unit.reshape(-1, *[1] * 6), self.cdtype)
        self._a = tf.constant(a / largest, self.cdtype)  # squares of path gains may underflow
        self._tau = tf.constant(paths.tau, self.rdtype)
        self._powers = paths.powers[rows]
        self._delays = paths.tau[rows]
        self._frequencies = subcarrier_frequencies(
            resource_grid.fft_size, resource_grid.subcarrier_spacing, precision=self.precision
        )
        self._scale(np.arange(len(a)))
        if settings.domain == "time":
            weights = waveform(settings, steps).from_symbols(a.shape[-1])
            self._steps = tf.constant(weights, self.cdtype)

    def kept_paths(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Paths of slots, with linear interpolation of coefficients between OFDM symbols."""
        rows = tf.gather(self._rows, rows)
        a, tau = self._paths_of(rows)
        if self._normalize != "slot":
            a *= tf.gather(self._largest, rows)
        unit = self._unit_of(path_response(a, tau, self._frequencies))
        return tf.matmul(in_units(a, unit), self._steps), tau

    @property
    def max_delay(self) -> float:
        """Longest delay of a path after the first [s]."""
        return float(self._delays.max())

    def _take(self, rows: tf.Tensor) -> tf.Tensor:
        h = path_response(*self._paths_of(rows), self._frequencies)
        if self._normalize != "slot":
            h *= tf.gather(self._largest, rows)
        return h

    def _paths_of(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        a, tau = tf.gather(self._a, rows), tf.gather(self._tau, rows)
        return a[:, tf.newaxis, :, tf.newaxis], tau[:, tf.newaxis, tf.newaxis]

    def _delay_interference(self) -> float:
        grid = self._settings.cyclic_prefix, self._settings.symbol_duration
        return float(np.mean(delay_interference(self._delays, self._powers, *grid)))
