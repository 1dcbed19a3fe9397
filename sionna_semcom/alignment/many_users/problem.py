# SPDX-License-Identifier: Apache-2.0
"""The sum of the users' errors for one shared precoder."""

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
        \mathbf{B}_k^\mathsf{H} (\mathbf{B}_k\mathbf{B}_k^\mathsf{H} + \mathbf{N}_k)^{-1}
        \mathbf{B}_k\right), \qquad
        \mathbf{B}_k = \mathbf{H}_k\mathbf{F}, \quad
        \mathbf{A}_k = \mathbf{W}_k^\mathsf{H}\mathbf{W}_k

    for whitened coefficients at the transmitter, users' cross-covariances :math:`\mathbf{W}_k` in
    their metrics, and diagonal noise covariances :math:`\mathbf{N}_k`. In the widely linear form,
    channels are in their real form
    :math:`\begin{bmatrix}\Re & -\Im\\ \Im & \Re\end{bmatrix}`, in which each dimension has half the
    noise. In the complex-linear form all matrices are complex. Errors of variance
    :math:`\varepsilon` of the channel coefficients have the effect of noise of variance
    :math:`\varepsilon P_b` for a signal of power :math:`P_b` on resource element :math:`b`.

    Parameters
    ----------
    gram : [K, n, n], `tf.float` or `tf.complex`
        Matrices :math:`\mathbf{A}_k`
    h : [..., K, R, T], as ``gram``
        Channels; :math:`R = 2 B N_R`, :math:`T = 2 B N_T` in the real form, half as many in the
        complex form
    noise : [..., K], `tf.float`
        Noise power of a dimension
    error : [..., K, B], `tf.float`
        Error variance of a channel coefficient, for a dimension
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
        r"""MMSE receivers :math:`(\mathbf{B}\mathbf{B}^\mathsf{H} + \mathbf{N})^{-1}\mathbf{B}`.

        Input
        -----
        precoder : [..., T, n], as ``gram``
            Shared precoder

        Output
        ------
        : [..., K, R, n], as ``gram``
            Their adjoints estimate the coefficients from the received signal of a user
        """
        received = tf.matmul(self.h, precoder[..., tf.newaxis, :, :])
        used = by_element(tf.reduce_sum(energy(precoder), -1), self.error.shape[-1], self.fold)
        noise = self.noise[..., tf.newaxis] + self.error * used[..., tf.newaxis, :]
        covariance = tf.matmul(received, received, adjoint_b=True)
        level = of_elements(noise, self.h.shape[-2], self.fold)
        factor = tf.linalg.cholesky(plus_diagonal(covariance, level))
        return tf.linalg.cholesky_solve(factor, received)

    def objective(self, precoder: tf.Tensor, receivers: tf.Tensor | None = None) -> tf.Tensor:
        """Sum over the users of the error that the best decoders leave, [...]."""
        if receivers is None:
            receivers = self.receivers(precoder)
        received = tf.matmul(self.h, precoder[..., tf.newaxis, :, :])
        lowered = inner_product(tf.matmul(received, self.gram), receivers)
        total = tf.math.real(tf.reduce_sum(tf.linalg.trace(self.gram)))
        return total - tf.reduce_sum(lowered, -1)

    def explained(self, precoder: tf.Tensor, receivers: tf.Tensor) -> tf.Tensor:
        """Share of the variance of each coefficient that each user's estimates explain, [K, n]."""
        received = tf.matmul(self.h, precoder[..., tf.newaxis, :, :])
        return tf.reduce_sum(tf.math.real(tf.math.conj(received) * receivers), -2)

    @property
    def fold(self) -> int:
        """Dimensions of a complex symbol: two real ones, or one that is complex."""
        return 1 if self.gram.dtype.is_complex else 2


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

    Complex matrices ``gram`` [K, n, n] are those of the complex-linear form.

    Raises
    ------
    ValueError
        If ``h`` is not complex of rank 4 or more with as many users as ``gram``, or not finite
    """
    is_complex = np.iscomplexobj(gram)
    h, noise, error = dimensions(h, len(gram), no, error_variance, is_complex)
    return Broadcast(tf.constant(gram, h.dtype), h, noise, error)


def dimensions(
    h: tf.Tensor,
    num_users: int,
    no: tf.Tensor | float,
    error_variance: tf.Tensor | float,
    is_complex: bool,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Channels, noise and errors of all dimensions, as :class:`Broadcast` holds them."""
    h = channels_of_users(h, num_users)
    rdtype = h.dtype.real_dtype
    noise = design_noise(no, h) + tf.zeros(tf.shape(h)[:-3], rdtype)
    error = tf.cast(error_variance, rdtype) + tf.zeros(tf.shape(h)[:-2], rdtype)
    error = tf.ensure_shape(error, h.shape[:-2])
    if is_complex:
        return block_diagonal(h), noise, error
    return real_form(h), noise / 2.0, error / 2.0


def channels_of_users(h: tf.Tensor, num_users: int) -> tf.Tensor:
    """Checked channels ``h`` [..., K, B, N_R, N_T] of ``num_users`` users.

    Raises
    ------
    ValueError
        If ``h`` is not complex, or not the channels of that number of users
    """
    h = tf.convert_to_tensor(h)
    rank = h.shape.rank or 0
    if rank < 4 or not h.dtype.is_complex or h.shape[-4] != num_users:
        raise ValueError(
            f"`h` must be complex of shape [..., {num_users}, num_elements, num_rx_ant, "
            f"num_tx_ant]. Received: shape={h.shape}, dtype={h.dtype.name}"
        )
    return h


def in_double(h: tf.Tensor) -> tf.Tensor:
    """Channels in double precision, in which designs are computed.

    At a high SNR covariances of several users are singular in single precision.
    """
    h = tf.convert_to_tensor(h)
    return tf.cast(h, tf.complex128) if h.dtype.is_complex else h


def dtype_of_designs(h: tf.Tensor, is_complex: bool) -> tf.DType:
    """Type of designs for channels ``h``: the precision of ``h``, in real or complex numbers."""
    own = tf.convert_to_tensor(h).dtype
    return own if is_complex else own.real_dtype


def block_diagonal(h: tf.Tensor) -> tf.Tensor:
    """Channels [..., B, N_R, N_T] as block diagonal matrices [..., B N_R, B N_T]."""
    blocks = [tf.linalg.LinearOperatorFullMatrix(part) for part in tf.unstack(h, axis=-3)]
    if len(blocks) == 1:
        return blocks[0].to_dense()
    return tf.linalg.LinearOperatorBlockDiag(blocks).to_dense()


def real_form(h: tf.Tensor) -> tf.Tensor:
    """Channels [..., B, N_R, N_T] as block diagonal real matrices [..., 2 B N_R, 2 B N_T]."""
    joint = block_diagonal(h)
    real, imag = tf.math.real(joint), tf.math.imag(joint)
    upper, lower = tf.concat([real, -imag], -1), tf.concat([imag, real], -1)
    return tf.concat([upper, lower], -2)


def used_power(precoder: tf.Tensor) -> tf.Tensor:
    """Power of a precoder [..., T, n]: [..., 1, 1]."""
    return tf.reduce_sum(energy(precoder), (-2, -1), keepdims=True)


def by_element(rows: tf.Tensor, num_elements: int, fold: int = 2) -> tf.Tensor:
    """Sums by element [..., B] of values for all dimensions [..., fold * B * N]."""
    split = tf.reshape(rows, tf.concat([tf.shape(rows)[:-1], [fold, num_elements, -1]], 0))
    return tf.reduce_sum(split, (-3, -1))


def of_elements(values: tf.Tensor, size: int, fold: int = 2) -> tf.Tensor:
    """Values [..., B] of the elements for each of their dimensions: [..., size]."""
    each = size // (fold * values.shape[-1])
    return tf.tile(tf.repeat(values, each, -1), [*[1] * (values.shape.rank - 1), fold])


def plus_diagonal(matrix: tf.Tensor, diagonal: tf.Tensor) -> tf.Tensor:
    """A Hermitian matrix [..., n, n] plus a real diagonal [..., n]."""
    own = tf.linalg.diag_part(matrix)
    return tf.linalg.set_diag(matrix, own + tf.cast(diagonal, matrix.dtype))


def inner_product(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Real inner product of matrices [..., m, n]: [...]."""
    product = tf.math.real(tf.math.conj(a) * b)
    return tf.reduce_sum(product, (-2, -1))
