# SPDX-License-Identifier: Apache-2.0
"""Statistics of a channel: spreads, coherence, and power beyond the cyclic prefix."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..slots.estimation import measured_covariances
from ..slots.interference import delay_interference
from ..slots.settings import SlotSettings

COHERENT = 0.5  # correlation that defines coherence


class ChannelFigures(NamedTuple):
    """Statistics of many slots of a channel. Values per slot are arrays."""

    delay_spread: np.ndarray
    """[num_rows], RMS delay spread [s]."""
    k_factor_db: np.ndarray
    """[num_rows], power ratio of the strongest path and all other paths [dB]; if paths are unknown,
    the Rician factor that corresponds to the variance of the power over the slot."""
    coherence_bandwidth: float
    """Distance of subcarriers at which their correlation falls below 0.5 [Hz]; infinite if it does
    not within the grid."""
    coherence_time: float
    """Distance of OFDM symbols at which their correlation falls below 0.5 [s]; infinite if it does
    not within a slot."""
    beyond_prefix: np.ndarray | None
    """[num_rows], fraction of the power beyond the cyclic prefix; `None` if paths are unknown."""
    interference: np.ndarray | None
    """[num_rows], power of the resulting interference; `None` if paths are unknown."""


def path_figures(
    h: np.ndarray,
    powers: np.ndarray,
    delays: np.ndarray,
    settings: SlotSettings,
    symbol_time: float,
) -> ChannelFigures:
    """Statistics of a channel with known paths.

    Input
    -----
    h : [num_slots, ..., num_ofdm_symbols, num_subcarriers], `complex`
        Frequency responses of some slots

    powers, delays : [num_rows, num_paths], `float`
        Powers, and delays after the first path [s]

    settings : `SlotSettings`
        Cyclic prefix and subcarrier spacing

    symbol_time : `float`
        Duration of an OFDM symbol with its prefix [s]
    """
    total = powers.sum(1)
    mean = np.sum(powers * delays, 1) / total
    variance = np.sum(powers * (delays - mean[:, np.newaxis]) ** 2, 1) / total
    strongest = powers.max(1)
    beyond = np.sum(powers * (delays > settings.cyclic_prefix), 1) / total
    grid = settings.cyclic_prefix, settings.symbol_duration
    with np.errstate(divide="ignore"):
        k_factor_db = 10.0 * np.log10(strongest / (total - strongest))
    return ChannelFigures(
        np.sqrt(variance),
        k_factor_db,
        *_coherence(h, settings.subcarrier_spacing, symbol_time),
        beyond,
        delay_interference(delays, powers, *grid),
    )


def response_figures(h: np.ndarray, settings: SlotSettings, symbol_time: float) -> ChannelFigures:
    r"""Statistics of a channel with known frequency responses.

    :math:`\rho` is the correlation of adjacent subcarriers with spacing :math:`\Delta` in a slot,
    and :math:`\mu` and :math:`\sigma^2` are the mean and the variance of the power of its
    coefficients:

    .. math::

        \tau_\mathrm{RMS} \approx \frac{\sqrt{-2\ln|\rho|}}{2\pi\Delta}, \qquad
        K = \frac{\sqrt{1-\gamma}}{1-\sqrt{1-\gamma}}, \quad
        \gamma = \min\!\left(\frac{\sigma^2}{\mu^2}, 1\right)

    (Greenstein et al. 1999 for :math:`K`). See `path_figures` for input.
    """
    rows = h.reshape(len(h), -1, h.shape[-1])
    products = np.sum(rows[..., 1:] * rows[..., :-1].conj(), (1, 2))
    energies = np.sum(np.abs(rows) ** 2, 1)
    ends = np.sqrt(energies[:, 1:].sum(1) * energies[:, :-1].sum(1))
    correlation = np.clip(np.abs(products) / ends, np.finfo(float).tiny, 1.0)
    spread = np.sqrt(-2.0 * np.log(correlation)) / (2.0 * np.pi * settings.subcarrier_spacing)
    power = np.abs(rows) ** 2  # per antenna, because gains may differ
    ratio = np.mean(np.var(power, 2) / np.mean(power, 2) ** 2, 1)
    root = np.sqrt(1.0 - np.minimum(ratio, 1.0))
    with np.errstate(divide="ignore"):
        k_factor_db = 10.0 * np.log10(root / (1.0 - root))
    coherence = _coherence(h, settings.subcarrier_spacing, symbol_time)
    return ChannelFigures(spread, k_factor_db, *coherence, None, None)


def _coherence(h: np.ndarray, spacing: float, symbol_time: float) -> tuple[float, float]:
    """Coherence bandwidth [Hz] and time [s]."""
    time, frequency = measured_covariances(h)
    return spacing * _falls_at(frequency), symbol_time * _falls_at(time)


def _falls_at(covariance: np.ndarray) -> float:
    """Number of steps after which the correlation falls below one half, or infinity."""
    size = len(covariance)
    by_distance = [abs(np.mean(np.diagonal(covariance, distance))) for distance in range(size)]
    below = np.flatnonzero(np.array(by_distance) < COHERENT)
    if not len(below):
        return np.inf
    after = int(below[0])
    high, low = by_distance[after - 1], by_distance[after]
    return float(after - 1 + (high - COHERENT) / (high - low))
