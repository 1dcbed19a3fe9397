# SPDX-License-Identifier: Apache-2.0
"""Where a simulation stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..results.curves import Estimate

Verdict = Literal["next_snr", "stop"]


@dataclass(frozen=True)
class State:
    """Where a simulation stands after a batch; what a ``callback`` gets.

    Parameters
    ----------
    snr_db : `float`
        SNR [dB] of the current point
    mc_iter : `int`
        Batches simulated at this point
    max_mc_iter : `int` | `None`
        Most batches at this point, if known
    estimates : callable
        Gives the estimates of all metrics so far
    """

    snr_db: float
    mc_iter: int
    max_mc_iter: int | None
    estimates: Callable[[], dict[str, Estimate]]


Callback = Callable[[State], Verdict | None]
