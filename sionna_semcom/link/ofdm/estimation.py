# SPDX-License-Identifier: Apache-2.0
"""Channel estimators."""

from __future__ import annotations

import tensorflow as tf
from sionna.phy.ofdm import (
    BaseChannelInterpolator,
    LMMSEInterpolator,
    LSChannelEstimator,
    ResourceGrid,
    tdl_freq_cov_mat,
    tdl_time_cov_mat,
)

from .settings import OFDMSettings


def ls_estimator(settings: OFDMSettings, resource_grid: ResourceGrid) -> LSChannelEstimator:
    """Least squares at the pilots, and the interpolation of ``settings`` between them."""
    if settings.interpolation == "lmmse":
        interpolator = lmmse_interpolator(settings, resource_grid)
        return LSChannelEstimator(resource_grid, interpolator=interpolator)
    return LSChannelEstimator(resource_grid, interpolation_type=settings.interpolation)


def lmmse_interpolator(
    settings: OFDMSettings, resource_grid: ResourceGrid
) -> BaseChannelInterpolator:
    """Interpolation that is optimal for the statistics of a TDL profile."""
    time = tdl_time_cov_mat(
        settings.assumed_profile,
        settings.speed,
        settings.carrier_frequency,
        resource_grid.ofdm_symbol_duration,
        settings.num_ofdm_symbols,
    )
    frequency = tdl_freq_cov_mat(
        settings.assumed_profile,
        settings.subcarrier_spacing,
        settings.fft_size,
        settings.delay_spread,
    )
    used = list(resource_grid.effective_subcarrier_ind)
    frequency = tf.gather(tf.gather(frequency, used, axis=0), used, axis=1)
    return LMMSEInterpolator(resource_grid.pilot_pattern, time, frequency / settings.streams)
