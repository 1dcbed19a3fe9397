# SPDX-License-Identifier: Apache-2.0
"""Interpolation of measured frequency responses to a resource grid."""

from __future__ import annotations

from typing import NamedTuple

import h5py
import numpy as np
from sionna.phy.ofdm import ResourceGrid

from .file_settings import check_magnitudes, numbers, read_order

SAME_FREQUENCY = 1e-6  # fraction of the band below which frequencies are equal


class Responses(NamedTuple):
    """Measured frequency responses."""

    h: np.ndarray
    """[num_rows, num_rx_ant, num_tx_ant, num_time_steps, num_frequencies]."""
    frequencies: np.ndarray
    """[num_frequencies], ascending, relative to the carrier [Hz]."""
    order: np.ndarray | None
    """[num_rows], sort key of the rows."""
    times: np.ndarray | None
    """[num_rows], times [s]."""


def read_responses(file: h5py.File) -> Responses:
    """Frequency responses of an open file.

    Raises
    ------
    ValueError
        See `FrequencyResponses`
    """
    h = numbers(file, "h", "c")
    if h.ndim == 4:
        h = h[:, :, :, np.newaxis]
    if h.ndim != 5:
        raise ValueError(
            "h must have shape [num_rows, num_rx_ant, num_tx_ant, num_frequencies], or an axis of "
            f"OFDM symbols before the last, not {list(h.shape)}"
        )
    zero = np.flatnonzero(~h.any(axis=(1, 2, 3, 4)))
    if len(zero):
        raise ValueError(f"h must not be zero, as row {zero[0]} is")
    check_magnitudes("h", h)
    frequencies = _frequencies(file)
    if frequencies.shape != h.shape[-1:]:
        raise ValueError(
            f"h must have a frequency for each of its {h.shape[-1]} subcarriers, not "
            f"{list(frequencies.shape)}"
        )
    ascending = np.argsort(frequencies)
    frequencies = frequencies[ascending]
    if len(frequencies) < 2 or np.any(np.diff(frequencies) <= 0):
        raise ValueError("its frequencies must be two or more, and different")
    order = read_order(file, len(h))
    return Responses(h[..., ascending], frequencies, order, order if "time" in file else None)


def _frequencies(file: h5py.File) -> np.ndarray:
    if "frequency" in file:
        return numbers(file, "frequency")
    spacing = file.attrs.get("subcarrier_spacing")
    if "subcarrier" not in file or spacing is None:
        raise ValueError(
            "it must have the dataset subcarrier with the attribute subcarrier_spacing, or the "
            "dataset frequency"
        )
    if np.ndim(spacing) or np.asarray(spacing).dtype.kind not in "iuf" or not 0 < spacing < np.inf:
        raise ValueError("the attribute subcarrier_spacing must be a positive number")
    found: np.ndarray = numbers(file, "subcarrier") * float(spacing)
    return found


def subcarriers(grid: ResourceGrid, responses: Responses, path: str) -> np.ndarray:
    """Frequencies of a resource grid [fft_size], where empty subcarriers are clipped to the band.

    Raises
    ------
    ValueError
        If used subcarriers lie outside of the measured band
    """
    spacing, size = float(grid.subcarrier_spacing), int(grid.fft_size)
    frequencies = (np.arange(size) - size // 2) * spacing
    used = frequencies[np.array(grid.effective_subcarrier_ind)]
    low, high = responses.frequencies[0], responses.frequencies[-1]
    margin = SAME_FREQUENCY * (high - low)
    if used[0] < low - margin or used[-1] > high + margin:
        raise ValueError(
            f"`{path}` was measured from {low:.6g} to {high:.6g} Hz around the carrier, which must "
            "hold all subcarriers in use: change `fft_size`, `subcarrier_spacing` or "
            f"`num_guard_carriers`. Received: {used[0]:.6g} to {used[-1]:.6g} Hz"
        )
    return np.clip(frequencies, low, high)


def on_grid(responses: Responses, frequencies: np.ndarray) -> np.ndarray:
    r"""Interpolate responses to other frequencies after removing the mean delay of each row.

    .. math::

        \tilde{h}(f) = e^{j\varphi f}\,\mathcal{L}\{h_k e^{-j\varphi f_k}\}(f), \qquad
        \varphi = \frac{1}{\Delta}\arg\sum_k h_{k+1} h_k^\star

    Here, :math:`\mathcal{L}` is linear interpolation. The sum is over antennas and all neighbors at
    the most common distance :math:`\Delta`.
    """
    h, measured = responses.h, responses.frequencies
    distances = np.round(np.diff(measured) / (measured[-1] - measured[0]), 9)
    values, counts = np.unique(distances, return_counts=True)
    pairs = np.flatnonzero(distances == values[np.argmax(counts)])
    products = np.sum(h[..., pairs + 1] * h[..., pairs].conj(), axis=(1, 2, 3, 4))
    slopes = np.angle(products) / np.diff(measured)[pairs[0]]
    slopes = slopes[:, np.newaxis, np.newaxis, np.newaxis, np.newaxis]
    flat = h * np.exp(-1j * slopes * measured)
    right = np.clip(np.searchsorted(measured, frequencies), 1, len(measured) - 1)
    share = (frequencies - measured[right - 1]) / (measured[right] - measured[right - 1])
    between = (1.0 - share) * flat[..., right - 1] + share * flat[..., right]
    found: np.ndarray = between * np.exp(1j * slopes * frequencies)
    return found


def symbol_times(times: np.ndarray, grid: ResourceGrid) -> np.ndarray:
    """Times of the OFDM symbols of slots that start at ``times``: [num_rows, num_ofdm_symbols]."""
    symbols = np.arange(grid.num_ofdm_symbols) * float(grid.ofdm_symbol_duration)
    found: np.ndarray = times[:, np.newaxis] + symbols
    return found


def neighbors(
    times: np.ndarray, wanted: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find slots whose rows are all in ``rows``, and the neighboring rows of their OFDM symbols.

    Input
    -----
    times : [num_rows], `float`
        Times of the rows

    wanted : [num_rows, num_ofdm_symbols], `float`
        Times of the OFDM symbols of a slot that starts at each row

    rows : [num_slots], `int`
        Rows of the split

    Output
    ------
    rows : [num_slots], `int`
        Subset of ``rows`` whose slots need no other rows

    left : as ``wanted``, `int`
        Last row at or before each OFDM symbol

    share : as ``wanted``, `float`
        Interpolation weight of the next row, between 0 and 1
    """
    left = np.searchsorted(times, wanted, side="right") - 1
    inside = left[:, -1] < len(times) - 1
    left = np.minimum(left, len(times) - 2)
    gap = np.maximum(times[left + 1] - times[left], np.finfo(float).tiny)
    share = np.clip((wanted - times[left]) / gap, 0.0, 1.0)
    known = np.zeros(len(times), bool)
    known[rows] = True
    return rows[(inside & known[left[:, -1] + 1])[rows]], left, share


def in_phase(h: np.ndarray) -> np.ndarray:
    """Remove the common phase of each row relative to the previous row."""
    turns = np.angle(np.sum(h[1:] * h[:-1].conj(), axis=(1, 2, 3, 4)))
    phases = np.concatenate([[0.0], np.cumsum(turns)])
    found: np.ndarray = h * np.exp(-1j * phases)[:, np.newaxis, np.newaxis, np.newaxis, np.newaxis]
    return found
