# SPDX-License-Identifier: Apache-2.0
"""Least-squares channel estimation with the statistics that the receiver knows."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import (
    LSChannelEstimator,
    RemoveNulledSubcarriers,
    ResourceGrid,
    tdl_freq_cov_mat,
    tdl_time_cov_mat,
)

from .channel import SlotChannel
from .interpolation import ChannelStatistics, FixedInterpolator, LMMSEInterpolator
from .settings import SYSTEM_LEVEL_MODELS, SlotSettings


def ls_estimator(
    settings: SlotSettings, resource_grid: ResourceGrid, statistics: ChannelStatistics
) -> LSChannelEstimator:
    """Least squares at the pilots, and the interpolation of ``settings`` between them."""
    method, pattern = settings.interpolation, resource_grid.pilot_pattern
    if not settings.knows_statistics:
        return LSChannelEstimator(resource_grid, interpolation_type=method)
    known = (pattern, settings.pilot_ofdm_symbol_indices, statistics)
    if method == "lmmse":
        return LSChannelEstimator(resource_grid, interpolator=LMMSEInterpolator(*known))
    return LSChannelEstimator(resource_grid, interpolator=FixedInterpolator(method, *known))


def known_covariances(
    settings: SlotSettings, resource_grid: ResourceGrid, channel: SlotChannel
) -> tuple[np.ndarray, np.ndarray]:
    """What a receiver knows after many slots: covariance over OFDM symbols and subcarriers."""
    if settings.model in SYSTEM_LEVEL_MODELS:
        return measured_covariances(RemoveNulledSubcarriers(resource_grid)(channel.pool))
    return profile_covariances(settings, resource_grid)


def profile_covariances(
    settings: SlotSettings, resource_grid: ResourceGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Covariance over OFDM symbols and over the subcarriers in use, of a TDL profile.

    Those of TDL, before the energy of each slot is normalised. Their product is the covariance of a
    resource element with another for profiles A to C; D and E have a line of sight, whose Doppler
    shift is not that of the paths behind it, so that the product is an approximation. The CDL
    profile of the same letter has the same delays and powers; its Doppler spectrum is taken for an
    isotropic one.
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
    return time.numpy(), frequency.numpy()[np.ix_(used, used)]


def measured_covariances(h: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Covariance over OFDM symbols and subcarriers, averaged over drops and antennas.

    ``h`` is [..., num_ofdm_symbols, num_effective_subcarriers].
    """
    grid = h.numpy().reshape(-1, *h.shape[-2:])

    def normalized(rows: np.ndarray) -> np.ndarray:
        covariance = rows.T @ rows.conj()
        scale = np.sqrt(np.diag(covariance).real)
        return covariance / (scale[:, np.newaxis] * scale)

    time = np.swapaxes(grid, -1, -2).reshape(-1, grid.shape[-2])
    return normalized(time), normalized(grid.reshape(-1, grid.shape[-1]))
