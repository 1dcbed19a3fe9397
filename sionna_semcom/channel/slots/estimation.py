# SPDX-License-Identifier: Apache-2.0
"""Least-squares channel estimation with known statistics."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf
from scipy.special import j0
from sionna.phy.ofdm import (
    LSChannelEstimator,
    RemoveNulledSubcarriers,
    ResourceGrid,
    tdl_freq_cov_mat,
    tdl_time_cov_mat,
)

from .channel import channel_model
from .clusters import ClusterPaths
from .interference import power_delay_profile
from .interpolation import (
    ChannelStatistics,
    FixedInterpolator,
    KroneckerInterpolator,
    LMMSEInterpolator,
)
from .randomness import own_randomness
from .settings import SlotSettings
from .source import SlotSource
from .waveform import waveform

POWER_DRAWS = 512  # draws over which the powers of clusters are averaged


def statistical_interpolator(
    settings: SlotSettings, resource_grid: ResourceGrid, statistics: ChannelStatistics | None
) -> KroneckerInterpolator | None:
    """Interpolator of ``settings`` with known statistics, or `None` if they are unknown."""
    if statistics is None:
        return None
    pilots = settings.pilot_ofdm_symbol_indices
    known = (resource_grid.pilot_pattern, pilots, statistics, settings.precision)
    if settings.interpolation == "lmmse":
        return LMMSEInterpolator(*known)
    return FixedInterpolator(settings.interpolation, *known)


def ls_estimator(
    settings: SlotSettings,
    resource_grid: ResourceGrid,
    interpolator: KroneckerInterpolator | None,
) -> LSChannelEstimator:
    """Least-squares estimation at the pilots, and interpolation between them.

    Without ``interpolator``, the interpolation of ``settings`` is that of Sionna.
    """
    # Sionna requires a type of interpolation, but does not use it with an interpolator
    own = "nn" if interpolator else settings.interpolation
    return LSChannelEstimator(resource_grid, own, interpolator, precision=settings.precision)


def known_covariances(
    settings: SlotSettings, resource_grid: ResourceGrid, channel: SlotSource
) -> tuple[np.ndarray, np.ndarray]:
    """Covariances over OFDM symbols and over subcarriers, as learned from many slots."""
    if settings.family in ("system", "own"):
        remove_nulled = RemoveNulledSubcarriers(resource_grid, precision=settings.precision)
        # the grid of a delayed channel has more symbols than a slot
        seen = channel.seen()[..., -settings.num_ofdm_symbols :, :]
        return measured_covariances(remove_nulled(seen))
    if settings.family == "CDL":
        return cluster_covariances(settings, resource_grid)
    return profile_covariances(settings, resource_grid)


def profile_covariances(
    settings: SlotSettings, resource_grid: ResourceGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Covariance over OFDM symbols and over the subcarriers in use, of a TDL profile.

    The covariances are those of the profile before the energy of each slot is normalized. For
    profiles A to C, their product is the covariance of two resource elements. For D and E it is an
    approximation, because the Doppler shift of the line of sight differs from that of the other
    paths.
    """
    time = tdl_time_cov_mat(
        settings.model[-1],
        settings.speed,
        settings.carrier_frequency,
        resource_grid.ofdm_symbol_duration,
        settings.num_ofdm_symbols,
        precision="double",
    )
    frequency = tdl_freq_cov_mat(
        settings.model[-1],
        settings.subcarrier_spacing,
        settings.fft_size,
        settings.delay_spread,
        precision="double",
    )
    used = np.array(resource_grid.effective_subcarrier_ind)
    frequency = frequency.numpy()[np.ix_(used, used)]
    if settings.domain == "time" and settings.model[-1] in "ABC":  # D and E have a line of sight
        delays, powers = power_delay_profile(settings.model)
        frequency = pulse_covariance(settings, settings.delay_spread * delays, powers, used)
    return time.numpy(), frequency


def cluster_covariances(
    settings: SlotSettings, resource_grid: ResourceGrid
) -> tuple[np.ndarray, np.ndarray]:
    r"""Covariance over OFDM symbols and over the subcarriers in use, of a CDL model.

    .. math::

        R^{(t)}_{u,v} = J_0\big(\pi f_D T (u - v)\big)^2, \qquad
        R^{(f)}_{n,m} = \sum_p P_p\, e^{-j 2\pi\Delta_f (n - m)\tau_p}

    Sionna draws the azimuth and the zenith of the velocity from uniform distributions. The Doppler
    shift of a path in the horizontal plane then has this correlation, with the maximum shift
    :math:`f_D`. It would be :math:`J_0(2\pi f_D T(u-v))` for a velocity in that plane. The powers
    :math:`P_p` of the clusters include the patterns of the antenna elements, and are averaged over
    512 draws.
    """
    phase = np.pi * settings.max_doppler * resource_grid.ofdm_symbol_duration
    symbols = np.arange(settings.num_ofdm_symbols)
    time = j0(float(phase) * (symbols[:, np.newaxis] - symbols)) ** 2
    delays, powers = cluster_powers(
        settings.model, settings.direction, 2 - settings.num_tx_ant % 2, 2 - settings.num_rx_ant % 2
    )
    offsets = settings.subcarrier_spacing * np.array(resource_grid.effective_subcarrier_ind)
    steering = np.exp(-2j * np.pi * settings.delay_spread * np.outer(offsets, delays))
    frequency = (steering * powers) @ steering.conj().T
    if settings.domain == "time":
        used = np.array(resource_grid.effective_subcarrier_ind)
        frequency = pulse_covariance(settings, settings.delay_spread * delays, powers, used)
    return time.astype(complex), frequency


def pulse_covariance(
    settings: SlotSettings, delays: np.ndarray, powers: np.ndarray, used: np.ndarray
) -> np.ndarray:
    r"""Covariance over the subcarriers ``used`` in the time domain, with a unit diagonal.

    .. math:: g_n(\tau) = \sum_\ell e^{-j 2\pi n\ell/N}\,\mathrm{sinc}(\ell - W\tau), \qquad
              R_{n,m} \propto \sum_p P_p\,g_n(\tau_p)\,g_m(\tau_p)^\star

    for paths of power :math:`P_p` and delay :math:`\tau_p` [s]. The taps of a `TimeChannel` end six
    samples after the last path, so that :math:`g_n` is not exactly :math:`e^{-j 2\pi n W\tau/N}`.
    LMMSE interpolation at high SNRs depends on the difference.
    """
    sizes = waveform(settings)
    delays = delays - np.min(delays)
    lags = sizes.lags(float(np.max(delays)))
    carriers = used - settings.fft_size // 2
    turns = np.exp(-2j * np.pi * np.outer(carriers, lags) / sizes.fft_size)
    rows = turns @ np.sinc(lags[:, np.newaxis] - sizes.bandwidth * delays) * np.sqrt(powers)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found: np.ndarray = rows @ rows.conj().T
    return found


class _OneStream(SlotSettings):
    """Settings of a slot with one stream. Only its channel is used."""

    @property
    def streams(self) -> int:
        """One."""
        return 1


@functools.cache
def cluster_powers(
    model: str, direction: str, num_tx_ant: int, num_rx_ant: int
) -> tuple[np.ndarray, np.ndarray]:
    """Normalized delays of a CDL model, and powers that include the patterns of antenna elements.

    Delays are relative to the RMS delay spread. All elements of a row have the same pattern, so
    that a single element or pair is used.
    """
    antennas = {"num_tx_ant": num_tx_ant, "num_rx_ant": num_rx_ant}
    chosen = {"model": model, "direction": direction, **antennas}
    settings = _OneStream.model_validate(chosen)
    with own_randomness():
        paths = ClusterPaths(channel_model(settings), settings.precision)
        a = paths(POWER_DRAWS, 1, 1.0)
    powers = np.mean(np.abs(a.numpy().astype(complex)) ** 2, axis=(0, 2, 3, 4))
    return paths.delays / settings.delay_spread, powers / powers.sum()


def measured_covariances(h: tf.Tensor | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariance over OFDM symbols and subcarriers, averaged over drops and antennas.

    ``h`` is [..., num_ofdm_symbols, num_effective_subcarriers].
    """
    grid = np.asarray(h).reshape(-1, *h.shape[-2:])

    def normalized(rows: np.ndarray) -> np.ndarray:
        covariance = rows.T @ rows.conj()
        scale = np.sqrt(np.diag(covariance).real)
        return covariance / (scale[:, np.newaxis] * scale)

    time = np.swapaxes(grid, -1, -2).reshape(-1, grid.shape[-2])
    return normalized(time), normalized(grid.reshape(-1, grid.shape[-1]))
