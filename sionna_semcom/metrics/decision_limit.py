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

    Raises
    ------
    ValueError
        If ``num_symbols`` is not positive, or ``accuracy`` is not a probability
    """
    accuracy, snr_db = np.asarray(accuracy, float), np.asarray(snr_db, float)
    if num_symbols < 1 or np.any((accuracy < 0) | (accuracy > 1)):
        raise ValueError(
            "`num_symbols` must be positive and `accuracy` lie in [0, 1]. "
            f"Received: {num_symbols} and {accuracy}"
        )
    flipped = ndtr(-np.sqrt(2.0 * num_symbols * 10.0 ** (snr_db / 10.0)))
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

    Raises
    ------
    ValueError
        If ``num_symbols`` is not positive, or ``correlation`` is not in [-1, 1]
    """
    correlation, snr_db = np.asarray(correlation, float), np.asarray(snr_db, float)
    if num_symbols < 1 or not np.all(np.abs(correlation) <= 1):
        raise ValueError(
            "`num_symbols` must be positive and `correlation` lie in [-1, 1]. "
            f"Received: {num_symbols} and {correlation}"
        )
    nats = num_symbols * np.log1p(10.0 ** (snr_db / 10.0))
    return correlation * np.sqrt(-np.expm1(-2.0 * nats))
