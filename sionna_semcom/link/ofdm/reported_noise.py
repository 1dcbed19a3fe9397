# SPDX-License-Identifier: Apache-2.0
"""Conditions under which the reported noise power may differ from the error."""

from __future__ import annotations

import warnings

import numpy as np

from ...channel.slots.interpolation import KroneckerInterpolator
from .settings import OFDMSettings

MOST_OFF = 0.06  # largest deviation of error / ``no_eff`` from one without a warning
SNRS_DB = np.arange(41)  # range in which ``no_eff`` should equal the error
# Largest share of the interpolation error in the noise for a deviation below 6 %, and SNR up to
# which this is required. Antennas of TDL models are independent. In a pool, the mixture of drops
# overestimates the share.
MAX_SHARE = {"TDL": 0.4, "CDL": 0.1, "system": 0.1}
UP_TO_DB = {"TDL": 30, "CDL": 40, "system": 30}
WITHOUT_STATISTICS = (
    "without `statistics`, the error variance is that of Sionna's estimator, which does not "
    "include the interpolation error and overestimates the noise after averaging"
)
LINE_OF_SIGHT_MODELS = ("TDL-D", "TDL-E", "CDL-D", "CDL-E")


def warn_of_reported_noise(reason: str) -> None:
    """Warn once that ``no_eff`` and the error of a link may differ by more than 6 %."""
    warnings.warn(f"`no_eff` may differ from the error by more than 6 %: {reason}", stacklevel=5)


def statistics_suffice(settings: OFDMSettings, interpolator: KroneckerInterpolator) -> bool:
    """Whether the error variance from the statistics predicts the error of a link within 6 %.

    Equalizers assume that estimation errors are independent between antennas. This does not hold
    for

    - channels with a line of sight;
    - the bias of the estimate at low SNRs, if antennas are correlated (CDL-A, many antennas per
      stream) or the channel is precoded;
    - large interpolation errors, due to fast terminals or long delays.

    For channels of your own, this is not known in advance.
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
    r"""Highest SNR [dB] at which the interpolation error is a small part of the noise.

    The noise power per antenna that an equalizer assumes, :math:`N_0 + \sum_s \sigma_s^2(N_0)`,
    includes the interpolation error :math:`\sum_s \sigma_s^2(0)`. Equalizers treat it as
    independent between antennas. If the paths have the same Doppler shifts and delays at all
    antennas, it is correlated. After combining :math:`N_R` antennas for :math:`S` streams, it is
    then up to :math:`N_R/S` times larger than assumed.
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
