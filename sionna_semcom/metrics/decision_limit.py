# SPDX-License-Identifier: Apache-2.0
"""Limits of decisions and scores at the transmitter after transmission."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr


def decision_limit(accuracy: ArrayLike, num_symbols: int, snr_db: ArrayLike) -> NDArray[np.float64]:
    r"""Accuracy over AWGN if the transmitter decides and repeats one antipodal bit.

    .. math::
        a(1 - p) + (1 - a)p, \qquad p = Q\!\left(\sqrt{2 k \gamma}\right)

    No scheme with the same noiseless accuracy :math:`a` is much more accurate with :math:`k`
    complex symbols at the SNR :math:`\gamma`.

    Parameters
    ----------
    accuracy : `float`
        Accuracy :math:`a` without noise
    num_symbols : `int`
        Number of complex symbols :math:`k` per sample
    snr_db : `float`
        SNR :math:`\gamma` [dB]

    Output
    ------
    : [...], `np.float64`
        Accuracy

    Raises
    ------
    ValueError
        If ``num_symbols`` is not positive, ``accuracy`` is not a probability, or ``snr_db`` is NaN
    """
    accuracy, snr = _checked("accuracy", accuracy, 0.0, num_symbols, snr_db)
    flipped = ndtr(-np.sqrt(2.0 * num_symbols * snr))
    return accuracy * (1 - flipped) + (1 - accuracy) * flipped


def score_limit(correlation: ArrayLike, num_symbols: int, snr_db: ArrayLike) -> NDArray[np.float64]:
    r"""Correlation over AWGN if a score is transmitted at the capacity of the channel.

    .. math::
        \rho \sqrt{1 - (1 + \gamma)^{-2k}}

    No scheme with the same noiseless score has a larger correlation with :math:`k` complex symbols
    at the SNR :math:`\gamma`, if the score is Gaussian.

    Parameters
    ----------
    correlation : `float`
        Correlation :math:`\rho` of score and label without noise
    num_symbols : `int`
        Number of complex symbols :math:`k` per sample
    snr_db : `float`
        SNR :math:`\gamma` [dB]

    Output
    ------
    : [...], `np.float64`
        Correlation

    Raises
    ------
    ValueError
        If ``num_symbols`` is not positive, ``correlation`` is not in [-1, 1], or ``snr_db`` is NaN
    """
    correlation, snr = _checked("correlation", correlation, -1.0, num_symbols, snr_db)
    return correlation * np.sqrt(-np.expm1(-2.0 * num_symbols * np.log1p(snr)))


def _checked(
    name: str, value: ArrayLike, least: float, num_symbols: int, snr_db: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values that lie between ``least`` and one, and linear SNRs."""
    value, snr_db = np.asarray(value, float), np.asarray(snr_db, float)
    inside = np.all((value >= least) & (value <= 1))
    if not 1 <= num_symbols < np.inf or not inside or np.any(np.isnan(snr_db)):
        raise ValueError(
            f"`num_symbols` must be positive, `{name}` lie in [{least:g}, 1], and `snr_db` be a "
            f"number. Received: {num_symbols} and {value} at {snr_db} dB"
        )
    with np.errstate(over="ignore"):  # an infinite SNR adds no noise
        return value, 10.0 ** (snr_db / 10.0)
