# SPDX-License-Identifier: Apache-2.0
"""Translation by relative representations: similarities to anchors that both networks know."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from ..aligner import by_row
from ..linear.semantic_modes import RANK_TOLERANCE, RIDGES
from ..statistics import PilotStatistics
from .base import Array, TranslationAligner


class RelativeAligner(TranslationAligner):
    r"""Relative representations: cosine similarities to anchors.

    .. math::

        r_i(\mathbf{s}) = \frac{\mathbf{s}^\mathsf{T}\mathbf{a}_i}
        {\lVert\mathbf{s}\rVert\,\lVert\mathbf{a}_i\rVert}, \qquad
        \hat{\mathbf{s}} = \boldsymbol\mu_R + \mathbf{D}\left(\mathbf{r}_T(\mathbf{s}_T) -
        \boldsymbol\mu_r\right)

    The anchors :math:`\mathbf{a}_i` are latents of the same inputs in each space, so that networks
    that differ by a rotation have the same relative representation. The decoder :math:`\mathbf{D}`
    is the linear regression of the receiver's latents on the receiver's own relative
    representation. It is applied to the relative representation of the transmitter (zero-shot
    stitching). Only the anchors and one number relate the two networks: the ridge of the regression
    minimizes the error of the translated pilots, because directions that the receiver hardly uses
    would amplify the difference of the two representations.

    Source: L. Moschella et al., "Relative representations enable zero-shot latent space
    communication", ICLR 2023. Additions: latents are centered first, and the decoder ends in the
    receiver's latent space instead of the output of a network.

    Parameters
    ----------
    anchors : `int`
        Number of anchors, which are pilots at equal distances in the order of the pilots. If there
        are fewer pilots, all pilots are anchors
    metric : `None` (identity) | [m, m], `float`
        Metric of the error of the transmission, such as :func:`head_metric`

    Attributes
    ----------
    anchors_ : [k, d], `float64`
        Centered anchors of the transmitter, with unit norm
    decoder_ : [m, k], `float64`
        Decoder :math:`\mathbf{D}`
    offset_ : [k], `float64`
        Mean :math:`\boldsymbol\mu_r` of the receiver's relative representation
    """

    def __init__(self, anchors: int = 300, metric: ArrayLike | None = None) -> None:
        self.anchors = anchors
        self.metric = metric

    def _fit_translation(self, tx: Array, rx: Array, statistics: PilotStatistics) -> None:
        if self.anchors < 1:
            raise ValueError(f"`anchors` must be at least 1. Received: {self.anchors}")
        chosen = np.linspace(0, len(tx) - 1, min(self.anchors, len(tx))).round().astype(int)
        self.anchors_ = unit_rows(tx[chosen] - statistics.mean_tx)
        centered = rx - statistics.mean_rx
        relative = unit_rows(centered) @ unit_rows(centered[chosen]).T
        arriving = unit_rows(tx - statistics.mean_tx) @ self.anchors_.T
        self.offset_ = relative.mean(0)
        self.decoder_ = self._decoder(relative - self.offset_, centered, arriving - self.offset_)

    def _decoder(self, relative: Array, targets: Array, arriving: Array) -> Array:
        """Regression on ``relative`` with the ridge that suits ``arriving`` best."""
        values, vectors = np.linalg.eigh(relative.T @ relative / len(relative))
        kept = values > RANK_TOLERANCE * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        cross = targets.T @ relative @ vectors / len(relative)
        arriving = arriving @ vectors
        errors = [
            np.sum((targets - arriving / (values + ridge) @ cross.T) ** 2)
            for ridge in RIDGES * values.mean()
        ]
        ridge = RIDGES[np.argmin(errors)] * values.mean()
        return cross / (values + ridge) @ vectors.T

    def _translate(self, centered: tf.Tensor) -> tf.Tensor:
        squares = tf.reduce_sum(centered**2, -1, keepdims=True)
        some = squares > 0
        scale = tf.where(some, tf.math.rsqrt(tf.where(some, squares, 1.0)), 0.0)
        merged = tf.constant((self.decoder_ @ self.anchors_).T, centered.dtype)
        constant = tf.constant(self.decoder_ @ self.offset_, centered.dtype)
        return by_row(centered * scale, merged) - constant


def unit_rows(rows: Array) -> Array:
    """Rows scaled to unit norm. Rows of zeros remain zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)
