# SPDX-License-Identifier: Apache-2.0
"""Channels from a file of measured frequency responses."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid

from ..._hdf5 import open_hdf5
from ..settings import SOURCES
from ..slots.settings import SlotSettings
from .base import ChannelSource
from .file_settings import FileSettings, check_slots, rows_of
from .own_slots import KeptSlots
from .responses import in_phase, neighbors, on_grid, read_responses, subcarriers, symbol_times


class FrequencyResponseSettings(FileSettings):
    """Settings of `FrequencyResponses`."""

    kind: Literal["frequency_response"] = "frequency_response"
    """Selects this source in a study."""
    between: Literal["hold", "linear"] = "hold"
    """Channel between two rows: `hold` uses one row per slot, and `linear` interpolates between
    rows by `time`."""


@SOURCES.register(FrequencyResponseSettings)
class FrequencyResponses(ChannelSource):
    r"""Frequency responses from an HDF5 file, such as measured channel state information.

    The file has the datasets

    - ``h`` [num_rows, num_rx_ant, num_tx_ant, num_frequencies], complex, or with an axis of OFDM
      symbols before the last: a row is a packet or a snapshot
    - ``subcarrier`` [num_frequencies], integers relative to the carrier, with the attribute
      ``subcarrier_spacing`` [Hz] of the file, or ``frequency`` [num_frequencies] [Hz]
    - optionally ``time`` [num_rows] in [s], which must not decrease, or ``position`` [num_rows, 3]
      in [m], which define the splits

    Frequencies may be spaced unevenly. At other subcarriers the response is interpolated linearly,
    after the phase slope of the row (its mean delay) is removed, which is added again afterwards.
    The used subcarriers must lie within the measured band.

    By default a slot uses one row, and times may be spaced unevenly. With ``between="linear"`` a
    slot starts at the time of a row, and the channel is interpolated linearly to the next row. The
    common phase of all coefficients is removed before, because the oscillators of two packets are
    not in phase.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is damaged, has missing datasets, wrong shapes, NaN, a row of zeros or
        decreasing times
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        path = self.settings.path
        with open_hdf5(self.settings.file, "file of frequency responses") as file:
            self.responses = read_responses(file)
        self.rows = rows_of(self.settings, self.responses.order, len(self.responses.h), f"`{path}`")
        if self.settings.between == "linear" and self.responses.times is None:
            raise ValueError(f"`between`='linear' needs the dataset time. Received: `{path}`")

    @property
    def antennas(self) -> tuple[int, int]:
        """Receive and transmit antennas."""
        return self.responses.h.shape[1], self.responses.h.shape[2]

    def slots(self, settings: SlotSettings, resource_grid: ResourceGrid) -> ResponseSlots:
        """Slots on ``resource_grid``."""
        path, responses = self.settings.path, self.responses
        check_slots(self.settings, settings, self.antennas, len(self.rows))
        h = on_grid(responses, subcarriers(resource_grid, responses, str(path)))
        symbols, steps = resource_grid.num_ofdm_symbols, h.shape[3]
        if 1 < steps < symbols or (steps > 1 and self.settings.between == "linear"):
            raise ValueError(
                f"h of `{path}` must have one time step, or one for each OFDM symbol, {symbols}, "
                f"and `between`='hold'. Received: {steps}"
            )
        if self.settings.between == "linear":
            return self._moving(settings, resource_grid, h)
        if steps == 1 and symbols > settings.num_ofdm_symbols:
            raise ValueError(
                f"`csi`='delayed' needs channels that change within a row of `{path}`, or "
                "`between`='linear'. Received: between='hold'"
            )
        return ResponseSlots(settings, resource_grid, self.settings.normalize, self.rows, h)

    def _moving(self, settings: SlotSettings, grid: ResourceGrid, h: np.ndarray) -> ResponseSlots:
        """Slots in which the channel is interpolated between rows."""
        times = np.asarray(self.responses.times)
        wanted = symbol_times(times, grid)
        rows, left, share = neighbors(times, wanted, self.rows)
        if not len(rows):
            raise ValueError(
                f"`{self.settings.path}` must last longer than a slot with its delay. "
                f"Received: {np.ptp(times):.3g} s"
            )
        check_slots(self.settings, settings, self.antennas, len(rows))
        options = rows, in_phase(h), left, share
        return ResponseSlots(settings, grid, self.settings.normalize, *options)


class ResponseSlots(KeptSlots):
    """Draws slots of frequency responses.

    Parameters
    ----------
    h : [num_rows, num_rx_ant, num_tx_ant, num_time_steps, fft_size], `complex`
        Frequency responses on the subcarriers of the resource grid

    left, share : [num_rows, num_ofdm_symbols], `int` and `float`
        Row before each OFDM symbol, and interpolation weight of the next row; `None`: one row per
        slot

    See `KeptSlots` for the others, input and output.
    """

    def __init__(
        self,
        settings: SlotSettings,
        resource_grid: ResourceGrid,
        normalize: Literal["slot", "average", "none"],
        rows: np.ndarray,
        h: np.ndarray,
        left: np.ndarray | None = None,
        share: np.ndarray | None = None,
    ) -> None:
        super().__init__(settings, resource_grid, normalize, rows)
        h = h[:, :, :, : resource_grid.num_ofdm_symbols]
        unit = np.abs(h).max()  # squares of path gains may underflow
        self._largest = tf.constant(unit, self.cdtype)
        self._h = tf.constant(h / unit, self.cdtype)
        self._neighbors: tuple[tf.Tensor, tf.Tensor] | None = None
        if left is not None and share is not None:
            self._neighbors = tf.constant(left, tf.int32), tf.constant(share, self.cdtype)
        self._scale(np.arange(len(h)) if left is None else rows)

    def _take(self, rows: tf.Tensor) -> tf.Tensor:
        if self._neighbors is None:
            h = tf.gather(self._h, rows)
        else:
            left, share = (tf.gather(part, rows) for part in self._neighbors)
            weights = tf.stack([1.0 - share, share], -1)
            ends = tf.gather(self._h[:, :, :, 0], tf.stack([left, left + 1], -1))
            h = tf.einsum("nte,nterxf->nrxtf", weights, ends)
        if self._normalize == "none":
            h *= self._largest
        return h[:, tf.newaxis, :, tf.newaxis]
