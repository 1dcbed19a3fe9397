# SPDX-License-Identifier: Apache-2.0
"""Where the noise power that a link reports is not the error that it makes."""

from __future__ import annotations

import warnings

import numpy as np

from ...channel.slots.interpolation import KroneckerInterpolator
from .settings import OFDMSettings

MOST_OFF = 0.06  # deviation of error over ``no_eff`` from one that is not worth a warning
SNRS_DB = np.arange(41)  # within which the noise power reported should be the error
# Largest share of the interpolation error in the noise that keeps both within 6 %, and up to which
# SNR this is asked for. TDL antennas are independent, and the mixture of drops in a pool makes the
# share an overestimate.
MAX_SHARE = {"TDL": 0.4, "CDL": 0.1, "system": 0.1}
UP_TO_DB = {"TDL": 30, "CDL": 40, "system": 30}
WITHOUT_STATISTICS = (
    "without `statistics`, the error of the estimate is that of Sionna's estimator, which leaves "
    "out what interpolation misses and counts too much noise where it averages"
)
LINE_OF_SIGHT_MODELS = ("TDL-D", "TDL-E", "CDL-D", "CDL-E")


def warn_of_reported_noise(reason: str) -> None:
    """Warn once that ``no_eff`` and the error of a link may differ by more than 6 %."""
    warnings.warn(f"`no_eff` may differ from the error by more than 6 %: {reason}", stacklevel=5)


def statistics_suffice(settings: OFDMSettings, interpolator: KroneckerInterpolator) -> bool:
    """Whether the error variance of the statistics gives the error of a link within 6 %.

    Not where errors of an estimate are shared by antennas, which equalizers take for independent:

    - those of a line of sight;
    - those that shrinking leaves at low SNRs, of correlated antennas (CDL-A, many antennas a
      stream) and of a precoded channel;
    - a good part of the noise that interpolation makes of a fast terminal or long delays.

    Of a channel of the user's own nothing is known beforehand.
    """
    if settings.family == "own" or settings.model in LINE_OF_SIGHT_MODELS:
        return False
    fixed = settings.interpolation != "lmmse"
    if fixed and (settings.precoding != "none" or settings.model == "CDL-A"):
        return False
    if settings.family != "TDL" and settings.num_rx_ant > 4 * settings.streams:
        return False
    return reliable_snr_db(settings, interpolator) >= UP_TO_DB[settings.family]


def reliable_snr_db(settings: OFDMSettings, interpolator: KroneckerInterpolator) -> float:
    r"""Highest SNR [dB] at which the error of the interpolation itself is little of the noise.

    The noise that an equalizer assumes at an antenna, :math:`N_0 + \sum_s \sigma_s^2(N_0)`, holds
    the interpolation error :math:`\sum_s \sigma_s^2(0)`. Equalizers take it for independent noise
    at the antennas. Where paths have the same Doppler shifts and delays at all of them it is not,
    and combining :math:`N_R` antennas for :math:`S` streams leaves up to :math:`N_R/S` times as
    much.
    """
    data = np.setdiff1d(np.arange(settings.num_ofdm_symbols), settings.pilot_ofdm_symbol_indices)

    def error(no: float) -> float:
        variance = interpolator.error_variance(no / settings.streams).numpy()
        return float(np.sum(np.mean(variance[:, data], axis=(1, 2))))

    kind = settings.family
    gain = 1.0 if kind == "TDL" else max(settings.num_rx_ant / settings.streams, 1.0)
    coherent = gain * error(0.0)
    noise_powers = 10.0 ** (-SNRS_DB / 10.0)
    shares = np.array([coherent / (no + error(no)) for no in noise_powers])
    reliable = SNRS_DB[shares <= MAX_SHARE[kind]]
    return float(reliable[-1]) if len(reliable) else -np.inf
