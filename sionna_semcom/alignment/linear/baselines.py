# SPDX-License-Identifier: Apache-2.0
"""Separate transmission and alignment: features are sent by an SVD transceiver, then aligned."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from ..aligner import by_row
from ..estimator import AlignerEstimator
from ..statistics import PilotStatistics
from .channel_modes import channel_modes, design_noise
from .semantic_modes import SemanticModes, semantic_modes
from .transceiver import LinearTransceiver

Selection = Literal["first", "top", "eigen"]
Array = NDArray[np.float64]


class FeatureAligner(AlignerEstimator):
    r"""Baselines First-k, Top-k and Eigen-k of the paper.

    The channel is equalized by its SVD, equations (32) and (33), with equal power for all numbers
    that are sent. The received features are aligned with the least-squares map :math:`\mathbf{Q}`
    of equation (34). :math:`B` channel uses of :math:`N` eigenmodes carry :math:`2BN` real numbers:

    - ``"first"`` sends the first features of the latent.
    - ``"top"`` sends the features farthest from their mean, in units of their standard deviation.
      It uses half of the symbols for these features. The other half carries their indices and is
      received without errors.
    - ``"eigen"`` sends the projections on the strongest right singular vectors of
      :math:`\mathbf{Q}` and reconstructs with the left singular vectors.

    Source: Pandolfo et al., 2025, section IV. Corrections: Each channel use carries its own symbol
    vector (:math:`\mathbf{I}_K` instead of the vector of ones in (32) and (33)). The product of
    the two filters of Eigen-k is :math:`\mathbf{Q}`, not
    :math:`\mathbf{U}\mathbf{\Sigma}^2\mathbf{V}^\mathsf{T}`. Improvements: Means are removed at
    both ends. All numbers are scaled to the same power, which is known to the equalizer. The
    strongest numbers use the strongest eigenmodes. First-k uses the least-squares map of the
    transmitted features. :math:`\mathbf{Q}` is regularized as for :class:`LinearAligner`.

    Parameters
    ----------
    selection : "first" | "top" | "eigen"
        Selection of the transmitted numbers

    Attributes
    ----------
    statistics_ : `PilotStatistics`
        Moments of the pilots
    map_ : [m, d], `float64`
        Least-squares map
    """

    def __init__(self, selection: Selection) -> None:
        self.selection: Selection = selection

    def fit_statistics(
        self, statistics: PilotStatistics, held_out: ArrayLike | None = None
    ) -> FeatureAligner:
        """Fit to the moments of pilots, which need not fit into memory.

        Parameters
        ----------
        statistics : `PilotStatistics`
            Moments of the pilots
        held_out : `None` | [n, d], `float`
            Latents of the transmitter for which the power constraint must hold. Required for "top"
            to estimate the power of large features

        Raises
        ------
        ValueError
            If ``selection`` is unknown, or if "top" is fitted without latents
        """
        if self.selection not in ("first", "top", "eigen"):
            raise ValueError(
                f"`selection` must be 'first', 'top' or 'eigen'. Received: {self.selection!r}"
            )
        modes = semantic_modes(statistics)
        self.statistics_, self.ridge_, self.held_out_ = statistics, modes.ridge, held_out
        self.map_ = modes.decoder.T @ modes.encoder.T  # Q, [m, d]
        if self.selection == "eigen":
            self.factors_ = np.linalg.svd(self.map_, full_matrices=False)
        deviation = np.sqrt(np.diag(statistics.cov_tx))
        self.deviation_ = np.where(deviation > 0, deviation, 1.0)
        if self.selection == "top":
            if held_out is None:
                raise ValueError("`held_out` is needed by selection='top'. Received: None")
            standard = (np.asarray(held_out, np.float64) - statistics.mean_tx) / self.deviation_
            squares = np.sort(standard**2, -1)[:, ::-1].mean(0)
            self.top_power_ = np.cumsum(squares) / np.arange(1, len(squares) + 1)
        return self

    def design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float = 0.0
    ) -> LinearTransceiver | TopTransceiver:
        """Design for channels ``h`` [..., B, N_R, N_T]. Channel errors are ignored.

        The numbers of "first" and "eigen" are correlated, so that the ``objective`` is NaN.
        """
        check_is_fitted(self)
        noise = design_noise(no, h)[..., tf.newaxis]
        channel = channel_modes(h)
        gains = channel.gains
        shape = tf.shape(gains)
        flat = tf.reshape(gains, tf.concat([shape[:-2], [-1]], 0))
        place = tf.argsort(tf.argsort(flat, direction="DESCENDING", stable=True))
        place = tf.ensure_shape(tf.reshape(place, shape), gains.shape)
        noise += tf.zeros_like(gains[..., 0])
        num_uses = gains.shape[-2]
        num_reals = 2 * int(np.prod(gains.shape[-2:]))
        modes = _plain(num_reals) if self.selection == "top" else self._numbers(num_reals)
        shares = tf.constant(num_uses * _equal_shares(modes, num_reals), gains.dtype)
        plain = LinearTransceiver(modes, channel, None, place, tf.gather(shares, place), noise)
        if self.selection != "top":
            return plain
        size = len(self.statistics_.mean_tx)
        count = min(num_reals // 2, size)
        scale = self.deviation_ * np.sqrt(self.top_power_[count - 1])
        return TopTransceiver(plain, self.statistics_, self.map_, scale, count)

    def _numbers(self, num_reals: int) -> SemanticModes:
        """Numbers of unit variance from the centered latent, and their map to the target."""
        statistics = self.statistics_
        size = len(statistics.mean_tx)
        if self.selection == "first":
            analysis = np.eye(size)[:, :num_reals]
            covariance = analysis.T @ statistics.cov_tx @ analysis
            loaded = covariance + self.ridge_ * np.eye(len(covariance))
            synthesis = np.linalg.solve(loaded, (statistics.cross @ analysis).T)
        else:
            left, values, right = self.factors_
            analysis = right[:num_reals].T
            synthesis = values[:num_reals, None] * left.T[:num_reals]
            covariance = analysis.T @ statistics.cov_tx @ analysis
        variance = np.diag(covariance)
        varies = variance > 0
        deviation = np.sqrt(np.where(varies, variance, 1.0))
        modes = _plain(analysis.shape[1])
        modes = replace(
            modes,
            encoder=analysis * varies / deviation,
            decoder=deviation[:, None] * synthesis,
            weights=np.full(len(deviation), np.nan),  # unknown, as numbers are correlated
            mean_tx=statistics.mean_tx,
            mean_rx=statistics.mean_rx,
        )
        return modes if self.held_out_ is None else modes.scaled_to(self.held_out_, sort=False)


class TopTransceiver:
    """Sends the features farthest from their mean. The receiver knows their indices."""

    def __init__(
        self,
        plain: LinearTransceiver,
        statistics: PilotStatistics,
        translation: Array,
        scale: Array,
        count: int,
    ) -> None:
        self._plain = plain
        self._statistics = statistics
        self._translation = translation
        self._scale = scale
        self._count = count
        self._chosen: tf.Tensor | None = None

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        rdtype = self._plain.powers.dtype
        centered = tf.cast(latents, rdtype) - tf.constant(self._statistics.mean_tx, rdtype)
        standard = centered / tf.constant(self._scale, rdtype)
        _, self._chosen = tf.math.top_k(tf.abs(standard), self._count)
        numbers = tf.gather(standard, self._chosen, axis=-1, batch_dims=standard.shape.rank - 1)
        unused = len(self._plain.semantic.mean_tx) - self._count
        indices = tf.ones_like(numbers[..., :1]) * tf.ones([unused], rdtype)  # same power
        return self._plain.precode(tf.concat([numbers, indices], -1))

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [..., L, B, N_R] to the receiver's latents [..., L, m]."""
        if self._chosen is None:
            raise ValueError("`precode` must be called before `decode`: it tells the indices")
        numbers = self._plain.decode(y)[..., : self._count]
        size = len(self._scale)
        placed = tf.one_hot(self._chosen, size, dtype=numbers.dtype)
        standard = tf.linalg.matvec(placed, numbers, transpose_a=True)
        centered = standard * tf.constant(self._scale, numbers.dtype)
        target = by_row(centered, tf.constant(self._translation.T, numbers.dtype))
        return target + tf.constant(self._statistics.mean_rx, numbers.dtype)


def _plain(size: int) -> SemanticModes:
    """Modes that send ``size`` numbers without a transformation."""
    eye, zeros = np.eye(size), np.zeros(size)
    return SemanticModes(eye, np.ones(size), eye, zeros, zeros, float(size), 0.0)


def _equal_shares(modes: SemanticModes, num_reals: int) -> Array:
    """Shares of the power of pairs of numbers, [num_reals / 2, 2]; zero for places without one."""
    used = np.pad(modes.encoder.any(axis=0), [0, num_reals - modes.encoder.shape[1]])
    return (used / max(int(used.sum()), 1)).reshape(-1, 2)
