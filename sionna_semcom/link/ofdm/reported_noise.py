# SPDX-License-Identifier: Apache-2.0
"""Where the noise power that a link reports is not the error that it makes."""

from __future__ import annotations

import warnings

import numpy as np

from ...channel.slots.interpolation import KroneckerInterpolator
from .settings import OFDMSettings

SNRS_DB = np.arange(41)  # within which the noise power reported should be the error
# Largest share of the interpolation error in the noise that keeps both within 6 %, and up to which
# SNR this is asked for. TDL antennas are independent, and the mixture of drops in a pool makes the
# share an overestimate.
MAX_SHARE = {"TDL": 0.4, "CDL": 0.1, "system": 0.1, "own": 0.1}
UP_TO_DB = {"TDL": 30, "CDL": 40, "system": 30, "own": 30}
MIN_DIVERSITY = 0.65  # CDL-A has 0.53, CDL-C 0.70
LINE_OF_SIGHT_MODELS = ("TDL-D", "TDL-E", "CDL-D", "CDL-E")


def warn_of_reported_noise(
    settings: OFDMSettings,
    interpolator: KroneckerInterpolator | None,
    diversity: float | None = None,
) -> None:
    """Warn once if ``no_eff`` and the error of a link may differ by more than 6 %.

    ``interpolator`` is none where the receiver does not know the statistics of the channel.
    ``diversity`` is the `antenna_diversity` of a channel of the user's own.
    """
    if (reason := deviation(settings, interpolator, diversity)) is not None:
        warnings.warn(
            f"`no_eff` may differ from the error by more than 6 %: {reason}", stacklevel=5
        )


def antenna_diversity(h: np.ndarray) -> float:
    r"""Share of the receive antennas that are as good as uncorrelated, one if all are.

    .. math:: \frac{(\mathrm{tr}\,\mathbf{R})^2}{N_R\,\lVert\mathbf{R}\rVert_F^2}, \qquad
              \mathbf{R} = \mathbb{E}[\mathbf{h}\mathbf{h}^\mathsf{H}]

    Input
    -----
    h : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `complex`
        Channel
    """
    rows = np.moveaxis(h, 2, -1).reshape(-1, h.shape[2])
    covariance = rows.T @ rows.conj()
    total = np.trace(covariance).real ** 2
    return float(total / np.sum(np.abs(covariance) ** 2) / len(covariance))


def deviation(
    settings: OFDMSettings,
    interpolator: KroneckerInterpolator | None,
    diversity: float | None = None,
) -> str | None:
    """Why ``no_eff`` is not the error of a link with least-squares estimates, if it is not."""
    if interpolator is None:
        return (
            "without `statistics`, the error of the estimate is that of Sionna's estimator, which "
            "leaves out what interpolation misses and counts too much noise where it averages"
        )
    if settings.model in LINE_OF_SIGHT_MODELS:
        return (
            f"{settings.model} has a line of sight, whose estimation error is the same at all "
            "antennas, while the equalizer takes errors for independent"
        )
    if settings.precoding != "none" and settings.interpolation != "lmmse":
        return (
            "at low SNRs, as `precoding` leaves a channel of which interpolation="
            f"{settings.interpolation!r} takes a part for noise; use 'lmmse'"
        )
    if settings.model == "CDL-A" and settings.interpolation != "lmmse":
        return (
            "at low SNRs, as antennas of CDL-A are so correlated that they share what "
            f"interpolation={settings.interpolation!r} takes for noise; use 'lmmse'"
        )
    low = diversity is not None and diversity < MIN_DIVERSITY
    if low and settings.num_rx_ant > 1 and settings.interpolation != "lmmse":
        return (
            "at low SNRs, as receive antennas are so correlated that they share what "
            f"interpolation={settings.interpolation!r} takes for noise; use 'lmmse'"
        )
    if settings.family != "TDL" and settings.num_rx_ant > 4 * settings.streams:
        return (
            f"num_rx_ant={settings.num_rx_ant} correlated antennas for num_streams="
            f"{settings.streams} share what the estimate takes for noise at low SNRs"
        )
    reliable = reliable_snr_db(settings, interpolator)
    if reliable >= UP_TO_DB[settings.family]:
        return None
    where = "at any SNR" if reliable < SNRS_DB[0] else f"above an SNR of {reliable:.0f} dB"
    setup = f"speed={settings.speed:g} and delay_spread={settings.delay_spread:g}"
    if settings.family == "own":
        setup = "the speed and delay spread of this channel"
    return (
        f"{where} a good part of it is the error of interpolation={settings.interpolation!r} at "
        f"{setup}, which `no_eff` counts as independent noise"
    )


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
