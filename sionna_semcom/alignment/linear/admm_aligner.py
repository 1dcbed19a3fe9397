# SPDX-License-Identifier: Apache-2.0
"""Linear method of the paper: alternating optimization for each channel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..aligner import by_row, to_complex, to_real
from ..estimator import AlignerEstimator
from ..statistics import PilotStatistics
from .admm import admm, mmse_decoder
from .channel_modes import design_noise
from .semantic_modes import SemanticModes, semantic_modes


class ADMMAligner(AlignerEstimator):
    """Complex-linear precoder and decoder from :func:`~sionna_semcom.alignment.linear.admm`.

    Source: Pandolfo et al., 2025, Algorithm 1. The precoder is scaled to the power limit after the
    iterations, which never increases the error. Means are removed at both ends, and the covariance
    of the transmitter's latents is regularized as for :class:`LinearAligner`.

    Parameters
    ----------
    iterations : `int`
        Number of iterations per channel
    rho : `float`
        Penalty

    Attributes
    ----------
    modes_ : `SemanticModes`
        Whitened pilots, in the basis of their semantic directions
    """

    def __init__(self, iterations: int = 20, rho: float = 100.0) -> None:
        self.iterations = iterations
        self.rho = rho

    def fit_statistics(
        self, statistics: PilotStatistics, held_out: ArrayLike | None = None
    ) -> ADMMAligner:
        """Fit to the moments of pilots, see :meth:`LinearAligner.fit_statistics`."""
        self.modes_ = semantic_modes(statistics, "complex_linear")
        if held_out is not None:
            self.modes_ = self.modes_.scaled_to(held_out)
        return self

    def design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float = 0.0
    ) -> MatrixTransceiver:
        """Iterate for channels ``h`` [G, B, N_R, N_T]. Channel errors are ignored."""
        check_is_fitted(self)
        num_elements, num_rx_ant, _ = h.shape[-3:]
        blocks = [tf.linalg.LinearOperatorFullMatrix(part) for part in tf.unstack(h, axis=-3)]
        joint = tf.linalg.LinearOperatorBlockDiag(blocks).to_dense()
        noise = design_noise(no, h)
        covariance = tf.cast(noise, h.dtype)[..., tf.newaxis, tf.newaxis] * tf.eye(
            num_elements * num_rx_ant, dtype=h.dtype
        )
        cross = tf.constant(self.modes_.decoder.T, h.dtype)
        power = float(num_elements)
        precoder = admm(
            cross, joint, covariance, power, self.rho, self.iterations, record=False
        ).precoder
        used = tf.reduce_sum(tf.abs(precoder) ** 2, (-2, -1), keepdims=True)
        precoder *= tf.cast(tf.sqrt(tf.math.divide_no_nan(power, used)), h.dtype)
        decoder = mmse_decoder(cross, joint, precoder, covariance)
        return MatrixTransceiver(self.modes_, precoder, decoder, num_elements)


class MatrixTransceiver(NamedTuple):
    """Complex-linear precoder [..., T, d] and decoder [..., m, R] as matrices."""

    semantic: SemanticModes
    precoder: tf.Tensor
    decoder: tf.Tensor
    num_elements: int

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        dtype = self.precoder.dtype
        mean = tf.constant(self.semantic.mean_tx, dtype.real_dtype)
        centered = to_complex(tf.cast(latents, dtype.real_dtype) - mean)
        z = by_row(centered, tf.constant(np.conj(self.semantic.encoder), dtype))
        x = tf.matmul(z, self.precoder, transpose_b=True)
        return tf.reshape(x, tf.concat([tf.shape(x)[:-1], [self.num_elements, -1]], 0))

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [..., L, B, N_R] to the receiver's latents [..., L, m]."""
        flat = tf.reshape(y, tf.concat([tf.shape(y)[:-2], [-1]], 0))
        latents = tf.matmul(flat, self.decoder, transpose_b=True)
        mean = tf.constant(self.semantic.mean_rx, y.dtype.real_dtype)
        return to_real(latents, len(self.semantic.mean_rx)) + mean
