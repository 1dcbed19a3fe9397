# SPDX-License-Identifier: Apache-2.0
"""Semantic modes: correlated directions of two latent spaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..statistics import PilotStatistics

Form = Literal["widely_linear", "complex_linear"]

RANK_TOLERANCE = 1e-10  # relative to the largest eigenvalue; the rest is rounding
RIDGES = np.logspace(-8, 2, 61)  # candidates, relative to the mean eigenvalue


@dataclass(frozen=True)
class SemanticModes:
    r"""Uncorrelated coefficients of the transmitter's latent and their use at the receiver.

    With the whitened latent :math:`\mathbf{x}`, :math:`\mathbb{E}[\mathbf{x}\mathbf{x}^\mathsf{H}]
    = \mathbf{I}`, the centered target :math:`\mathbf{y}`, and a metric :math:`\mathbf{M}`,

    .. math::

        \mathbf{W} = \mathbf{M}^{1/2}\, \mathbb{E}[\mathbf{y}\mathbf{x}^\mathsf{H}]
        = \mathbf{U}\,\mathrm{diag}(s_1 \ge s_2 \ge \dots)\,\mathbf{V}^\mathsf{H}, \qquad
        z_i = \mathbf{v}_i^\mathsf{H}\mathbf{x}.

    Knowledge of :math:`z_i` reduces the error
    :math:`\mathbb{E}\lVert\mathbf{M}^{1/2}(\mathbf{y}-\hat{\mathbf{y}})\rVert^2` by :math:`s_i^2`.

    Parameters
    ----------
    encoder : [d, r], `float64` or `complex128`
        Map from the centered latent (real or in complex form) to the coefficients:
        :math:`\mathbf{z} = \mathbf{E}^\mathsf{H}(\mathbf{s}_T - \boldsymbol\mu_T)`
    weights : [r], `float64`
        Semantic singular values :math:`s_i`, descending; NaN for numbers that are correlated
    decoder : [r, m], as ``encoder``
        Contribution of each coefficient to the target, :math:`\mathbb{E}[z_i^* \mathbf{y}]`
    mean_tx : [d], `float64`
        Mean of the transmitter's latents
    mean_rx : [m], `float64`
        Mean of the receiver's latents
    target_power : `float`
        :math:`\mathbb{E}\lVert\mathbf{M}^{1/2}\mathbf{y}\rVert^2`
    ridge : `float`
        Ridge added to the eigenvalues of the transmitter's covariance
    """

    encoder: NDArray[Any]
    weights: NDArray[np.float64]
    decoder: NDArray[Any]
    mean_tx: NDArray[np.float64]
    mean_rx: NDArray[np.float64]
    target_power: float
    ridge: float

    @property
    def is_complex(self) -> bool:
        """Whether coefficients are complex and combine two features each."""
        return np.iscomplexobj(self.encoder)

    def scaled_to(self, tx: ArrayLike, *, sort: bool = True) -> SemanticModes:
        """Modes with coefficients of unit power for the latents ``tx`` [n, d].

        The error that is left if all coefficients arrive stays the same. Coefficients keep their
        order unless they are sorted by their strength.
        """
        centered = np.asarray(tx, np.float64) - self.mean_tx
        if self.is_complex:
            centered = np.pad(centered, [(0, 0), (0, centered.shape[1] % 2)])
            first, second = np.split(centered, 2, 1)
            centered = first + 1j * second
        size = np.sqrt(np.mean(np.abs(centered @ self.encoder.conj()) ** 2, 0))
        size = np.where(size > 0, size, 1.0)
        weights = self.weights * size
        order = np.argsort(-weights, kind="stable") if sort else np.arange(len(weights))
        return replace(
            self,
            encoder=(self.encoder / size)[:, order],
            weights=weights[order],
            decoder=(self.decoder * size[:, np.newaxis])[order],
            target_power=self.target_power + float(np.sum(weights**2 - self.weights**2)),
        )


def semantic_modes(
    statistics: PilotStatistics,
    form: Form = "widely_linear",
    metric: ArrayLike | None = None,
    ridge: float | Literal["gcv"] = "gcv",
) -> SemanticModes:
    r"""Semantic modes of pilots.

    Parameters
    ----------
    statistics : `PilotStatistics`
        Moments of the pilots
    form : "widely_linear" (default) | "complex_linear"
        Whether features are independent real numbers, or the first and second half of the features
        are real and imaginary parts, as in the paper
    metric : `None` (identity) | [m, m], `float`
        Symmetric positive semidefinite metric :math:`\mathbf{M}` of the error
    ridge : "gcv" (default) | `float`
        Ridge added to the eigenvalues of the transmitter's covariance, in units of their mean.
        "gcv" minimizes the generalized cross-validation error (Golub, Heath and Wahba, 1979), which
        is important for few pilots

    Output
    ------
    : `SemanticModes`
        Modes of both latent spaces, strongest first

    Raises
    ------
    ValueError
        If the transmitter's latents are constant, or the metric has a wrong shape, is not positive
        semidefinite or, for the complex-linear form, is not a multiple of the identity

    Note
    ----
    The power includes the ridge of the covariance. The power of the pilots is therefore lower.
    """
    root = metric_root(metric, len(statistics.mean_rx))
    if form == "complex_linear" and not np.allclose(root, root[0, 0] * np.eye(len(root))):
        raise ValueError("`form`='complex_linear' needs a multiple of the identity as `metric`")
    tx: NDArray[Any] = statistics.cov_tx
    cross: NDArray[Any] = statistics.cross
    weighted = root @ cross
    if form == "complex_linear":
        tx, cross, weighted = _pair_both(tx), _pair_both(cross), _pair_both(weighted)
    eigenvalues, vectors = np.linalg.eigh(tx)
    kept = eigenvalues > RANK_TOLERANCE * max(eigenvalues[-1], 0.0)
    if not kept.any():
        raise ValueError("The transmitter's latents must vary. Received: constant pilots")
    eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
    target_power = float(np.sum(root * (statistics.cov_rx @ root.T).T))
    projected = np.sum(np.abs(weighted @ vectors) ** 2, 0)
    mean = float(eigenvalues.mean())
    if ridge == "gcv":
        ridge = mean * _cross_validated(
            eigenvalues / mean, projected / mean, target_power, statistics
        )
    else:
        ridge = mean * ridge
    whitener = vectors / np.sqrt(eigenvalues + ridge)
    _, weights, adjoint = np.linalg.svd(weighted @ whitener, full_matrices=False)
    encoder = whitener @ adjoint.conj().T
    decoder = (cross @ encoder).T
    return SemanticModes(
        encoder, weights, decoder, statistics.mean_tx, statistics.mean_rx, target_power, ridge
    )


def metric_root(metric: ArrayLike | None, size: int) -> NDArray[np.float64]:
    """Symmetric square root of a metric ``[size, size]``; identity for `None`.

    Parameters
    ----------
    metric : `None` | [size, size], `float`
        Symmetric positive semidefinite metric
    size : `int`
        Number of features

    Output
    ------
    : [size, size], `np.float64`
        Symmetric square root

    Raises
    ------
    ValueError
        If the metric has another shape, or is not symmetric and positive semidefinite
    """
    if metric is None:
        return np.eye(size)
    matrix = np.asarray(metric, np.float64)
    if matrix.shape != (size, size) or not np.allclose(matrix, matrix.T):
        raise ValueError(
            f"`metric` must be symmetric of shape [{size}, {size}]. Received: shape {matrix.shape}"
        )
    if matrix[0, 0] > 0 and np.array_equal(matrix, matrix[0, 0] * np.eye(size)):
        return np.sqrt(matrix)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-6 * max(values[-1], 0.0) or values[-1] <= 0:
        raise ValueError(
            "`metric` must be positive semidefinite and not zero. "
            f"Received: eigenvalues from {values[0]:g} to {values[-1]:g}"
        )
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _cross_validated(
    eigenvalues: NDArray[np.float64],
    projected: NDArray[np.float64],
    target_power: float,
    statistics: PilotStatistics,
) -> float:
    """Ridge with the lowest generalized cross-validation error, relative to the mean eigenvalue."""
    shrunk = eigenvalues / (eigenvalues + RIDGES[:, None])
    explained = np.sum(projected / eigenvalues * (2.0 * shrunk - shrunk**2), -1)
    freedom = 1.0 - (1.0 + shrunk.sum(-1)) / statistics.count
    errors = (target_power - explained) / np.maximum(freedom, 1e-12) ** 2
    return float(RIDGES[np.argmin(np.where(freedom > 0, errors, np.inf))])


def _pair_both(moments: NDArray[np.float64]) -> NDArray[np.complex128]:
    r"""Moments of complex vectors, :math:`\mathbb{E}[\mathbf{y}\mathbf{x}^\mathsf{H}]`.

    ``moments`` are the moments of real vectors that contain the real parts in the first half and
    the imaginary parts in the second half.
    """
    moments = np.pad(moments, [(0, size % 2) for size in moments.shape])
    (rr, ri), (ir, ii) = (np.split(rows, 2, 1) for rows in np.split(moments, 2, 0))
    return (rr + ii) + 1j * (ir - ri)
