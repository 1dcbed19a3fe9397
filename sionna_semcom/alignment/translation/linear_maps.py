# SPDX-License-Identifier: Apache-2.0
"""Translation by a rotation, and by canonical correlations."""

from __future__ import annotations

from typing import Literal

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from scipy.linalg import polar

from ..aligner import by_row
from ..linear.semantic_modes import semantic_modes
from ..statistics import PilotStatistics
from .base import Array, TranslationAligner


class ProcrustesAligner(TranslationAligner):
    r"""Orthogonal Procrustes: rotation, scale and shift.

    .. math::

        \min_{\mathbf{\Omega}, c} \mathbb{E}\lVert (\mathbf{s}_R - \boldsymbol\mu_R) -
        c\,\mathbf{\Omega}(\mathbf{s}_T - \boldsymbol\mu_T)\rVert^2 \quad\text{s.t.}\quad
        \mathbf{\Omega}^\mathsf{T}\mathbf{\Omega} = \mathbf{I}

    :math:`\mathbf{\Omega} = \mathbf{U}\mathbf{V}^\mathsf{T}` for the cross-covariance
    :math:`\mathbf{C}_{RT} = \mathbf{U}\mathbf{S}\mathbf{V}^\mathsf{T}`, and :math:`c =
    \mathrm{tr}(\mathbf{S}) / \mathbb{E}\lVert\mathbf{\Omega}(\mathbf{s}_T - \boldsymbol\mu_T)
    \rVert^2`. For latents of different sizes, the smaller ones are padded with zeros, so that the
    columns or the rows of :math:`\mathbf{\Omega}` are orthonormal.

    Source: P. H. Schönemann, "A generalized solution of the orthogonal Procrustes problem",
    Psychometrika, 1966. The scale :math:`c` for latents of different sizes is an addition.

    Parameters
    ----------
    metric : `None` (identity) | [m, m], `float`
        Metric of the error of the transmission, such as :func:`head_metric`

    Attributes
    ----------
    map_ : [m, d], `float64`
        Map :math:`c\,\mathbf{\Omega}` of centered latents
    """

    def __init__(self, metric: ArrayLike | None = None) -> None:
        self.metric = metric

    def _fit_translation(self, tx: Array, rx: Array, statistics: PilotStatistics) -> None:
        rotation, _ = polar(statistics.cross)
        power = np.sum(rotation @ statistics.cov_tx * rotation)
        self.map_ = np.sum(rotation * statistics.cross) / power * rotation

    def _translate(self, centered: tf.Tensor) -> tf.Tensor:
        return by_row(centered, tf.constant(self.map_.T, centered.dtype))


class CCAAligner(TranslationAligner):
    r"""Canonical correlation analysis.

    .. math::

        u_i = \mathbf{a}_i^\mathsf{T}(\mathbf{s}_T - \boldsymbol\mu_T), \qquad
        \hat{\mathbf{s}} = \boldsymbol\mu_R + \sum_{i=1}^{k} \mathbb{E}[\mathbf{s}_R u_i]\, u_i

    The canonical variates :math:`u_i` are uncorrelated, have unit variance and the largest possible
    correlations :math:`\rho_1 \ge \rho_2 \ge \dots` with linear functions of :math:`\mathbf{s}_R`.
    They are the semantic modes in the metric :math:`\mathbf{C}_R^{-1}` (Mahalanobis distance). The
    transmission minimizes the error in this metric. Channels thus carry the most correlated
    variates first, independent of their share of the receiver's variance.

    Source: H. Hotelling, "Relations between two sets of variates", Biometrika, 1936. Both
    covariances are regularized.

    Parameters
    ----------
    components : `None` (all) | `int`
        Number :math:`k` of canonical variates
    ridge : "gcv" (default) | `float`
        Regularization of the transmitter's covariance; see :func:`semantic_modes`
    floor : `float`
        Regularization of the receiver's covariance, in units of its mean eigenvalue

    Attributes
    ----------
    correlations_ : [k], `float64`
        Canonical correlations :math:`\rho_i`, reduced by the regularization
    map_ : [m, d], `float64`
        Map of centered latents
    """

    def __init__(
        self,
        components: int | None = None,
        ridge: float | Literal["gcv"] = "gcv",
        floor: float = 1e-3,
    ) -> None:
        self.components = components
        self.ridge: float | Literal["gcv"] = ridge
        self.floor = floor

    def _fit_translation(self, tx: Array, rx: Array, statistics: PilotStatistics) -> None:
        if self.components is not None and self.components < 1:
            raise ValueError(f"`components` must be at least 1. Received: {self.components}")
        if not self.floor >= 0:
            raise ValueError(f"`floor` must not be negative. Received: {self.floor}")
        modes = semantic_modes(statistics, "widely_linear", self._whitening(statistics), self.ridge)
        kept = slice(self.components)
        self.correlations_ = modes.weights[kept]
        self.map_ = modes.decoder[kept].T @ modes.encoder[:, kept].T

    def _translate(self, centered: tf.Tensor) -> tf.Tensor:
        return by_row(centered, tf.constant(self.map_.T, centered.dtype))

    def _sending_metric(self, statistics: PilotStatistics) -> Array:
        return self._whitening(statistics)

    def _whitening(self, statistics: PilotStatistics) -> Array:
        """Inverse of the receiver's regularized covariance."""
        covariance = statistics.cov_rx
        mean = np.trace(covariance) / len(covariance)
        return np.linalg.inv(covariance + (self.floor * mean) * np.eye(len(covariance)))
