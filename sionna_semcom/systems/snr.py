# SPDX-License-Identifier: Apache-2.0
"""SNRs at which a system is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def snr_range(snr_db: float | Sequence[float]) -> tuple[float, float]:
    """Lowest and highest SNR [dB] of training, twice the same if there is but one.

    Parameters
    ----------
    snr_db : `float` | (`float`, `float`)
        One SNR [dB], where infinity is the noiseless link, or a range

    Raises
    ------
    ValueError
        If ``snr_db`` is neither a number above minus infinity nor two finite ones in order
    """
    limits = np.asarray(snr_db, float)
    if limits.shape == () and limits > -np.inf:
        return float(limits), float(limits)
    if limits.shape == (2,) and np.isfinite(limits).all() and limits[0] <= limits[1]:
        return float(limits[0]), float(limits[1])
    raise ValueError(
        "`snr_db` must be a number of dB (infinity is noiseless) or a range (low, high) of finite "
        f"ones. Received: {snr_db}"
    )
