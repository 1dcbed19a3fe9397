# SPDX-License-Identifier: Apache-2.0
"""The sum of the users' errors for one shared precoder, in real numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ...channel.noise import energy
from ..linear.channel_modes import design_noise


class Broadcast(NamedTuple):
    r"""One precoder for :math:`K` users, each with the best decoder for it.

    .. math::

        J(\mathbf{F}) = \sum_k \mathrm{tr}\,\mathbf{A}_k - \mathrm{tr}\left(\mathbf{A}_k
        \mathbf{B}_k^\mathsf{T} (\mathbf{B}_k\mathbf{B}_k^\mathsf{T} + \mathbf{N}_k)^{-1}
        \mathbf{B}_k\right), \qquad
        \mathbf{B}_k = \mathbf{H}_k\mathbf{F}, \quad
        \mathbf{A}_k = \mathbf{W}_k^\mathsf{T}\mathbf{W}_k

    for whitened coefficients at the transmitter, users' cross-covariances :math:`\mathbf{W}_k` in
    their metrics, and diagonal noise covariances :math:`\mathbf{N}_k`. Complex channels are in
    their real form :math:`\begin{bmatrix}\Re & -\Im\\ \Im & \Re\end{bmatrix}`, in which each
    dimension has half the noise. Errors of variance :math:`\varepsilon` of the channel coefficients
    have the effect of noise of variance :math:`\varepsilon P_b` for a signal of power :math:`P_b`
    on resource element :math:`b`.

    Parameters
    ----------
    gram : [K, n, n], `tf.float`
        Matrices :math:`\mathbf{A}_k`
    h : [..., K, R, T], `tf.float`
        Channels in their real form, :math:`R = 2 B N_R`, :math:`T = 2 B N_T`
    noise : [..., K], `tf.float`
        Noise power of a real dimension
    error : [..., K, B], `tf.float`
        Error variance of a channel coefficient, for a real dimension
    """

    gram: tf.Tensor
    h: tf.Tensor
    noise: tf.Tensor
    error: tf.Tensor

    @property
    def power(self) -> float:
        """Power limit: one for each resource element."""
        return float(self.error.shape[-1])

    def receivers(self, precoder: tf.Tensor) -> tf.Tensor:
        r"""MMSE receivers :math:`(\mathbf{B}\mathbf{B}^\mathsf{T} + \mathbf{N})^{-1}\mathbf{B}`.

        Input
        -----
        precoder : [..., T, n], `tf.float`
            Shared precoder

        Output
        ------
        : [..., K, R, n], `tf.float`
            Their transposes estimate the coefficients from the received signal of a user
        """
        received = tf.matmul(self.h, precoder[..., tf.newaxis, :, :])
        used = by_element(tf.reduce_sum(precoder**2, -1), self.error.shape[-1])
        noise = self.noise[..., tf.newaxis] + self.error * used[..., tf.newaxis, :]
        covariance = tf.matmul(received, received, transpose_b=True)
        diagonal = tf.linalg.diag_part(covariance) + of_elements(noise, self.h.shape[-2])
        factor = tf.linalg.cholesky(tf.linalg.set_diag(covariance, diagonal))
        return tf.linalg.cholesky_solve(factor, received)

    def objective(self, precoder: tf.Tensor, receivers: tf.Tensor | None = None) -> tf.Tensor:
        """Sum over the users of the error that the best decoders leave, [...]."""
        if receivers is None:
            receivers = self.receivers(precoder)
        received = tf.matmul(self.h, precoder[..., tf.newaxis, :, :])
        lowered = tf.reduce_sum(tf.matmul(received, self.gram) * receivers, (-3, -2, -1))
        return tf.reduce_sum(tf.linalg.trace(self.gram)) - lowered


def broadcast(
    gram: np.ndarray, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float
) -> Broadcast:
    r"""The problem for channels ``h`` [..., K, B, N_R, N_T]; see :class:`Broadcast`.

    Input
    -----
    gram : [K, n, n], `np.float64`
        Matrices :math:`\mathbf{A}_k` of :class:`Broadcast`
    h : [..., K, B, N_R, N_T], `tf.complex`
        Channels of the users
    no, error_variance : [...], `tf.float`
        Power of the noise, and variance of the error of each channel coefficient

    Output
    ------
    : :class:`Broadcast`
        The problem

    Raises
    ------
    ValueError
        If ``h`` is not complex of rank 4 or more with as many users as ``gram``, or not finite
    """
    h = tf.convert_to_tensor(h)
    rank = h.shape.rank or 0
    if rank < 4 or not h.dtype.is_complex or h.shape[-4] != len(gram):
        raise ValueError(
            f"`h` must be complex of shape [..., {len(gram)}, num_elements, num_rx_ant, "
            f"num_tx_ant]. Received: shape={h.shape}, dtype={h.dtype.name}"
        )
    rdtype = h.dtype.real_dtype
    noise = design_noise(no, h) + tf.zeros(tf.shape(h)[:-3], rdtype)
    error = tf.cast(error_variance, rdtype) + tf.zeros(tf.shape(h)[:-2], rdtype)
    error = tf.ensure_shape(error, h.shape[:-2])
    return Broadcast(tf.constant(gram, rdtype), real_form(h), noise / 2.0, error / 2.0)


def real_form(h: tf.Tensor) -> tf.Tensor:
    """Channels [..., B, N_R, N_T] as block diagonal real matrices [..., 2 B N_R, 2 B N_T]."""
    blocks = [tf.linalg.LinearOperatorFullMatrix(part) for part in tf.unstack(h, axis=-3)]
    joint = blocks[0].to_dense()
    if len(blocks) > 1:
        joint = tf.linalg.LinearOperatorBlockDiag(blocks).to_dense()
    real, imag = tf.math.real(joint), tf.math.imag(joint)
    upper, lower = tf.concat([real, -imag], -1), tf.concat([imag, real], -1)
    return tf.concat([upper, lower], -2)


def used_power(precoder: tf.Tensor) -> tf.Tensor:
    """Power of a precoder [..., T, n]: [..., 1, 1]."""
    return tf.reduce_sum(energy(precoder), (-2, -1), keepdims=True)


def by_element(rows: tf.Tensor, num_elements: int) -> tf.Tensor:
    """Sums by element [..., B] of concatenated real and imaginary parts [..., 2 B N]."""
    split = tf.reshape(rows, tf.concat([tf.shape(rows)[:-1], [2, num_elements, -1]], 0))
    return tf.reduce_sum(split, (-3, -1))


def of_elements(values: tf.Tensor, size: int) -> tf.Tensor:
    """Values [..., B] of the elements for each of their real dimensions: [..., size]."""
    each = size // (2 * values.shape[-1])
    return tf.tile(tf.repeat(values, each, -1), [*[1] * (values.shape.rank - 1), 2])
