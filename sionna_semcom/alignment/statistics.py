# SPDX-License-Identifier: Apache-2.0
"""First and second moments of semantic pilots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PilotStatistics:
    r"""Moments of pairs of latents :math:`(\mathbf{s}_T, \mathbf{s}_R)` of the same inputs.

    Statistics of several batches can be added (``a + b``), so pilots need not fit into memory.

    Parameters
    ----------
    count : `int`
        Number :math:`n` of pilots
    mean_tx : [d], `float64`
        Mean of the transmitter's latents
    mean_rx : [m], `float64`
        Mean of the receiver's latents
    cov_tx : [d, d], `float64`
        Covariance of the transmitter's latents, divided by :math:`n`
    cov_rx : [m, m], `float64`
        Covariance of the receiver's latents
    cross : [m, d], `float64`
        Covariance of the receiver's with the transmitter's latents
    """

    count: int
    mean_tx: Array
    mean_rx: Array
    cov_tx: Array
    cov_rx: Array
    cross: Array

    @classmethod
    def of(cls, tx: ArrayLike, rx: ArrayLike) -> PilotStatistics:
        """Statistics of latents ``tx`` [n, d] and ``rx`` [n, m].

        Raises
        ------
        ValueError
            If the numbers of rows differ, or latents are empty, NaN or infinite
        """
        t, r = np.asarray(tx, np.float64), np.asarray(rx, np.float64)
        if t.ndim != 2 or r.ndim != 2 or len(t) != len(r) or 0 in (*t.shape, *r.shape):
            raise ValueError(
                "`tx` and `rx` must be pilots [n, d] and [n, m] of the same n >= 1 inputs. "
                f"Received: shapes {t.shape} and {r.shape}"
            )
        if not (np.isfinite(t).all() and np.isfinite(r).all()):
            raise ValueError("`tx` and `rx` must be finite. Received: NaN or infinity")
        count, mean_tx, mean_rx = len(t), t.mean(0), r.mean(0)
        t, r = t - mean_tx, r - mean_rx
        return cls(count, mean_tx, mean_rx, t.T @ t / count, r.T @ r / count, r.T @ t / count)

    @classmethod
    def of_batches(cls, batches: Iterable[tuple[ArrayLike, ArrayLike]]) -> PilotStatistics:
        """Statistics of all pairs (tx, rx) in ``batches``."""
        total: PilotStatistics | None = None
        for tx, rx in batches:
            part = cls.of(tx, rx)
            total = part if total is None else total + part
        if total is None:
            raise ValueError("`batches` must hold at least one batch. Received: none")
        return total

    def __add__(self, other: PilotStatistics) -> PilotStatistics:
        """Statistics of the joined pilots (Chan, Golub and LeVeque, 1983)."""
        if self.cross.shape != other.cross.shape:
            raise ValueError(
                "Statistics must be of latents of the same sizes. "
                f"Received: {self.cross.shape[::-1]} and {other.cross.shape[::-1]}"
            )
        count = self.count + other.count
        own, others = self.count / count, other.count / count
        step_tx, step_rx = other.mean_tx - self.mean_tx, other.mean_rx - self.mean_rx

        def joined(a: Array, b: Array, left: Array, right: Array) -> Array:
            return own * a + others * b + own * others * np.outer(left, right)

        return PilotStatistics(
            count,
            self.mean_tx + others * step_tx,
            self.mean_rx + others * step_rx,
            joined(self.cov_tx, other.cov_tx, step_tx, step_tx),
            joined(self.cov_rx, other.cov_rx, step_rx, step_rx),
            joined(self.cross, other.cross, step_rx, step_tx),
        )
