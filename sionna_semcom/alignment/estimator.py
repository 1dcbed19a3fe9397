# SPDX-License-Identifier: Apache-2.0
"""Aligners that are fitted, as estimators of scikit-learn are."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .statistics import PilotStatistics

_Self = TypeVar("_Self", bound="AlignerEstimator")


class AlignerEstimator(BaseEstimator):
    """An aligner that learns from semantic pilots, by the conventions of scikit-learn.

    The constructor only stores its arguments; what is learned has names that end in an underscore.
    :func:`sklearn.base.clone`, ``get_params`` and ``set_params`` work.
    """

    def fit(self: _Self, tx: ArrayLike, rx: ArrayLike, held_out: ArrayLike | None = None) -> _Self:
        """Learn from latents of the same inputs in both spaces.

        Parameters
        ----------
        tx : [n, d], `float`
            Latents of the transmitter
        rx : [n, m], `float`
            Latents of the receiver
        held_out : `None` | [k, d], `float`
            See :meth:`fit_statistics`

        Raises
        ------
        ValueError
            If the pilots do not belong together or are not finite, or a parameter is out of its
            range
        """
        return self.fit_statistics(PilotStatistics.of(tx, rx), held_out)

    @abstractmethod
    def fit_statistics(
        self: _Self, statistics: PilotStatistics, held_out: ArrayLike | None = None
    ) -> _Self:
        """Learn from the moments of pilots, which need not fit in memory.

        Parameters
        ----------
        statistics : `PilotStatistics`
            Moments of the pilots
        held_out : `None` | [k, d], `float`
            Latents of the transmitter that are no pilots, on which the power limit is to hold: a
            network is surer of inputs that it was trained on, and the power of its latents differs

        Raises
        ------
        ValueError
            If a parameter is out of its range, or the pilots say nothing
        """
