# SPDX-License-Identifier: Apache-2.0
"""Progress of a simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..results.curves import Estimate

Verdict = Literal["next_snr", "stop"]


@dataclass(frozen=True)
class State:
    """Progress of a simulation after a batch, as passed to a ``callback``.

    Parameters
    ----------
    snr_db : `float`
        SNR [dB] of the current point
    mc_iter : `int`
        Number of batches simulated at this point
    max_mc_iter : `int` | `None`
        Maximum number of batches at this point, if known
    estimates : callable
        Returns the current estimates of all metrics, by name
    """

    snr_db: float
    mc_iter: int
    max_mc_iter: int | None
    estimates: Callable[[], dict[str, Estimate]]


Callback = Callable[[State], Verdict | None]
