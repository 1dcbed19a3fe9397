# SPDX-License-Identifier: Apache-2.0
"""Base class of fitted aligners, following scikit-learn."""

from __future__ import annotations

from abc import abstractmethod
from typing import TypeVar

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .statistics import PilotStatistics

_Self = TypeVar("_Self", bound="AlignerEstimator")


class AlignerEstimator(BaseEstimator):
    """Aligner that is fitted to semantic pilots and follows the conventions of scikit-learn.

    The constructor only stores its arguments. Names of fitted attributes end with an underscore.
    :func:`sklearn.base.clone`, ``get_params`` and ``set_params`` are supported.
    """

    def fit(self: _Self, tx: ArrayLike, rx: ArrayLike, held_out: ArrayLike | None = None) -> _Self:
        """Fit to latents of the same inputs in both spaces.

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
            If the pilots do not match or are not finite, or a parameter is out of range
        """
        return self.fit_statistics(PilotStatistics.of(tx, rx), held_out)

    @abstractmethod
    def fit_statistics(
        self: _Self, statistics: PilotStatistics, held_out: ArrayLike | None = None
    ) -> _Self:
        """Fit to the moments of pilots, which need not fit into memory.

        Parameters
        ----------
        statistics : `PilotStatistics`
            Moments of the pilots
        held_out : `None` | [k, d], `float`
            Other latents of the transmitter, for which the power constraint must hold. The power of
            latents can differ between training inputs and other inputs of a network

        Raises
        ------
        ValueError
            If a parameter is out of range, or the pilots contain no information
        """
