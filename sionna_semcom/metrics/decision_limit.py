# SPDX-License-Identifier: Apache-2.0
"""Accuracy of a binary decision at the transmitter after transmission."""

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
    accuracy, snr_db = np.asarray(accuracy, float), np.asarray(snr_db, float)
    probable = np.all((accuracy >= 0) & (accuracy <= 1))
    if not 1 <= num_symbols < np.inf or not probable or np.any(np.isnan(snr_db)):
        raise ValueError(
            "`num_symbols` must be positive, `accuracy` lie in [0, 1], and `snr_db` be a number. "
            f"Received: {num_symbols} and {accuracy} at {snr_db} dB"
        )
    with np.errstate(over="ignore"):  # then no bit is flipped
        flipped = ndtr(-np.sqrt(2.0 * num_symbols * 10.0 ** (snr_db / 10.0)))
    return accuracy * (1 - flipped) + (1 - accuracy) * flipped
