# SPDX-License-Identifier: Apache-2.0
"""Translation by kernel ridge regression."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV

from ..aligner import by_row
from ..statistics import PilotStatistics
from .base import Array, TranslationAligner

MOST_PILOTS = 10_000  # whose kernel matrix has 800 MB in double precision
_SEARCHED = 1200  # pilots, drawn for the choice of the two parameters
GAMMAS = (0.1, 0.3, 1.0)
ALPHAS = (0.03, 0.1, 0.3, 1.0, 3.0)


class KernelRidgeAligner(TranslationAligner):
    r"""Kernel ridge regression with a Gaussian kernel.

    .. math::

        \hat{\mathbf{s}} = \boldsymbol\mu_R + \sum_{i=1}^{n} \mathbf{c}_i
        \exp\left(-\gamma\,\frac{\lVert\mathbf{s}_T - \mathbf{s}_{T,i}\rVert^2}
        {\mathrm{tr}\,\mathbf{C}_T}\right), \qquad
        \mathbf{C} = (\mathbf{K} + \alpha\mathbf{I})^{-1}\mathbf{Y}

    with the kernel matrix :math:`\mathbf{K}` of the :math:`n` pilots and their centered targets
    :math:`\mathbf{Y}`. The translation is nonlinear. It requires all pilots at the transmitter and
    :math:`2n(d+m)` operations per latent.

    Source: scikit-learn's `KernelRidge`. Parameters that are not given are chosen by threefold
    cross-validation on at most 1,200 pilots.

    Parameters
    ----------
    gamma : `None` (cross-validation) | `float`
        Kernel parameter :math:`\gamma`
    alpha : `None` (cross-validation) | `float`
        Regularization :math:`\alpha`
    metric : `None` (identity) | [m, m], `float`
        Metric of the error of the transmission, such as :func:`head_metric`

    Attributes
    ----------
    gamma_ : `float`
        Kernel parameter
    alpha_ : `float`
        Regularization
    pilots_ : [n, d], `float32`
        Centered latents of the pilots at the transmitter, divided by
        :math:`\sqrt{\mathrm{tr}\,\mathbf{C}_T}`
    coefficients_ : [n, m], `float32`
        Coefficients :math:`\mathbf{c}_i`
    """

    def __init__(
        self,
        gamma: float | None = None,
        alpha: float | None = None,
        metric: ArrayLike | None = None,
    ) -> None:
        self.gamma = gamma
        self.alpha = alpha
        self.metric = metric

    def _fit_translation(self, tx: Array, rx: Array, statistics: PilotStatistics) -> None:
        for name in ("gamma", "alpha"):
            value = getattr(self, name)
            if value is not None and not 0 < value < np.inf:
                raise ValueError(f"`{name}` must be positive. Received: {value}")
        if len(tx) > MOST_PILOTS:
            raise ValueError(
                f"Kernel ridge regression takes at most {MOST_PILOTS} pilots. Received: {len(tx)}"
            )
        self.scale_ = float(np.trace(statistics.cov_tx) ** -0.5)
        inputs, targets = (tx - statistics.mean_tx) * self.scale_, rx - statistics.mean_rx
        self.gamma_, self.alpha_ = self._parameters(inputs, targets)
        model = KernelRidge(kernel="rbf", gamma=self.gamma_, alpha=self.alpha_)
        model.fit(inputs, targets)
        self.pilots_ = inputs.astype(np.float32)
        self.coefficients_ = model.dual_coef_.astype(np.float32)

    def _parameters(self, inputs: Array, targets: Array) -> tuple[float, float]:
        """Given parameters, or the best ones in cross-validation."""
        gammas = GAMMAS if self.gamma is None else (self.gamma,)
        alphas = ALPHAS if self.alpha is None else (self.alpha,)
        if len(gammas) * len(alphas) == 1 or len(inputs) < 3:
            return gammas[0], alphas[-1]
        rows = np.random.default_rng(0).permutation(len(inputs))[:_SEARCHED]
        grid = {"gamma": gammas, "alpha": alphas}
        search = GridSearchCV(
            KernelRidge(kernel="rbf"), grid, scoring="neg_mean_squared_error", cv=3, refit=False
        ).fit(inputs[rows], targets[rows])
        return search.best_params_["gamma"], search.best_params_["alpha"]

    def _translate(self, centered: tf.Tensor) -> tf.Tensor:
        dtype = centered.dtype
        flat = tf.reshape(centered, [-1, centered.shape[-1]]) * tf.constant(self.scale_, dtype)
        pilots = tf.constant(self.pilots_, dtype)
        distances = tf.reduce_sum(flat**2, -1, keepdims=True) + tf.reduce_sum(pilots**2, -1)
        distances -= 2.0 * tf.matmul(flat, pilots, transpose_b=True)
        kernel = tf.exp(-tf.cast(self.gamma_, dtype) * tf.maximum(distances, 0.0))
        targets = by_row(kernel, tf.constant(self.coefficients_, dtype))
        return tf.reshape(targets, tf.concat([tf.shape(centered)[:-1], [targets.shape[-1]]], 0))
