# SPDX-License-Identifier: Apache-2.0
"""SNRs of training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..._messages import shortened

SNR_LIMIT_DB = 300.0
"""Largest magnitude [dB] of a finite SNR with a noise power in single precision."""


def check_snr(snr_db: float, name: str = "snr_db") -> float:
    """Check ``snr_db`` [dB], which is between -300 and 300, or infinity for the noiseless link.

    Raises
    ------
    ValueError
        If ``snr_db`` is out of range
    """
    if not snr_db > -np.inf:
        raise ValueError(f"An SNR must be a number or infinity. Received: {snr_db}")
    if np.isfinite(snr_db) and abs(snr_db) > SNR_LIMIT_DB:
        raise ValueError(
            f"`{name}` must lie between {-SNR_LIMIT_DB:g} and {SNR_LIMIT_DB:g} dB, or be infinity, "
            f"which is noiseless. Received: {snr_db:g}"
        )
    return float(snr_db)


def check_snrs(snrs_db: Iterable[float], name: str) -> list[float]:
    """Check the SNRs ``snrs_db`` [dB] of a simulation.

    Raises
    ------
    ValueError
        If they are not a sequence of numbers, if there are none, or if one is out of range
    """
    try:
        if isinstance(snrs_db, str | bytes):  # "10" is not [1, 0]
            raise TypeError
        values = [float(snr_db) for snr_db in snrs_db]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must be a sequence of numbers, such as [0, 10]. "
            f"Received: {shortened(snrs_db)}"
        ) from error
    if not values:
        raise ValueError(f"`{name}` must contain at least one SNR. Received: none")
    return [check_snr(value, name) for value in values]


def snr_range(snr_db: float | Sequence[float]) -> tuple[float, float]:
    """Lowest and highest SNR [dB] of training, which are equal for a fixed SNR.

    Parameters
    ----------
    snr_db : `float` | (`float`, `float`)
        Fixed SNR [dB], infinity for the noiseless link, or a range

    Raises
    ------
    ValueError
        If ``snr_db`` is neither an SNR nor two finite SNRs in ascending order, see
        :func:`check_snr`
    """
    limits = np.asarray(snr_db, float)
    if limits.shape == () and not np.isnan(limits) and limits != -np.inf:
        return (check_snr(limits.item()),) * 2
    if limits.shape == (2,) and np.isfinite(limits).all() and limits[0] <= limits[1]:
        return check_snr(limits[0]), check_snr(limits[1])
    raise ValueError(
        "`snr_db` must be a number of dB (infinity is noiseless) or a range (low, high) of finite "
        f"ones. Received: {snr_db}"
    )
