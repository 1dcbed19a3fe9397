# SPDX-License-Identifier: Apache-2.0
"""Users with networks of their own transmit to one receiver on the same resource elements."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ...channel.noise import energy
from ..linear.waterfilling import semantic_waterfilling
from .problem import by_element, dimensions, inner_product, of_elements, plus_diagonal

_BISECTIONS = 40


class MultipleAccess(NamedTuple):
    r"""A precoder for each of :math:`K` users, and MMSE decoders at one receiver.

    .. math::

        J = \sum_k \mathrm{tr}\,\mathbf{A}_k - \mathrm{tr}\left(\mathbf{A}_k\mathbf{B}_k^\mathsf{H}
        \mathbf{C}^{-1}\mathbf{B}_k\right), \qquad
        \mathbf{C} = \sum_j \mathbf{B}_j\mathbf{B}_j^\mathsf{H} + \mathbf{N}, \quad
        \mathbf{B}_k = \mathbf{H}_k\mathbf{F}_k, \quad
        \mathbf{A}_k = \mathrm{diag}(s_{k,1}^2, s_{k,2}^2, \dots)

    for independent inputs of the users with whitened coefficients in the bases of their semantic
    modes, and :math:`\mathrm{tr}(\mathbf{F}_k\mathbf{F}_k^\mathsf{H}) \le P_k`. Forms and errors
    are those of :class:`~sionna_semcom.alignment.Broadcast`. The errors of all channels are noise
    at the receiver.

    Parameters
    ----------
    weights : [K, n], `tf.float`
        Semantic singular values :math:`s_{k,i}`
    h : [..., K, R, T], `tf.float` or `tf.complex`
        Channels
    noise : [...], `tf.float`
        Noise power of a dimension
    error : [..., K, B], `tf.float`
        Error variance of a channel coefficient, for a dimension
    """

    weights: tf.Tensor
    h: tf.Tensor
    noise: tf.Tensor
    error: tf.Tensor

    @property
    def power(self) -> float:
        """Power limit of a user: one for each resource element, shared by all users."""
        return float(self.error.shape[-1]) / float(self.error.shape[-2])

    @property
    def fold(self) -> int:
        """Dimensions of a complex symbol: two real ones, or one that is complex."""
        return 1 if self.h.dtype.is_complex else 2

    @property
    def gram(self) -> tf.Tensor:
        """Diagonals of all matrices of the coefficients, [K, 1, n]."""
        return tf.cast(self.weights**2, self.h.dtype)[:, tf.newaxis]

    def receivers(self, precoders: tf.Tensor) -> tf.Tensor:
        r"""MMSE receivers :math:`\mathbf{C}^{-1}\mathbf{B}_k`.

        Input
        -----
        precoders : [..., K, T, n], as ``h``
            Precoders of all users

        Output
        ------
        : [..., K, R, n], as ``h``
            Their adjoints estimate the coefficients of each user
        """
        received = tf.matmul(self.h, precoders)
        rows = tf.reduce_sum(energy(precoders), -1)
        used = by_element(rows, self.error.shape[-1], self.fold)
        noise = self.noise[..., tf.newaxis] + tf.reduce_sum(self.error * used, -2)
        covariance = tf.reduce_sum(tf.matmul(received, received, adjoint_b=True), -3)
        level = of_elements(noise, self.h.shape[-2], self.fold)
        factor = tf.linalg.cholesky(plus_diagonal(covariance, level))
        factor = tf.repeat(factor[..., tf.newaxis, :, :], self.h.shape[-3], -3)
        return tf.linalg.cholesky_solve(factor, received)

    def objective(self, precoders: tf.Tensor, receivers: tf.Tensor | None = None) -> tf.Tensor:
        """Sum over the users of the error that the best decoders leave, [...]."""
        if receivers is None:
            receivers = self.receivers(precoders)
        received = tf.matmul(self.h, precoders)
        lowered = inner_product(received * self.gram, receivers)
        return tf.reduce_sum(self.weights**2) - tf.reduce_sum(lowered, -1)


def multiple_access(
    weights: np.ndarray,
    h: tf.Tensor,
    no: tf.Tensor | float,
    error_variance: tf.Tensor | float = 0.0,
    is_complex: bool = False,
) -> MultipleAccess:
    """The problem for channels ``h`` [..., K, B, N_R, N_T] and a noise power ``no`` [].

    Input
    -----
    weights : [K, n], `float`
        Semantic singular values, as in :class:`MultipleAccess`
    h : [..., K, B, N_R, N_T], `tf.complex`
        Channels of the users
    no : [], `tf.float`
        Noise power per receive antenna
    error_variance : [...], `tf.float`
        Error variance of the channel coefficients
    is_complex : `bool`
        Whether coefficients are complex

    Output
    ------
    : :class:`MultipleAccess`
        The problem

    Raises
    ------
    ValueError
        If ``h`` is not complex of rank 4 or more with as many users as ``weights``, or not finite
    """
    joint, noise, error = dimensions(h, len(weights), no, error_variance, is_complex)
    kept = weights[:, : joint.shape[-1]]
    rdtype = joint.dtype.real_dtype
    return MultipleAccess(tf.constant(kept, rdtype), joint, noise[..., 0], error)


def uplink_precoders(problem: MultipleAccess, iterations: int = 40) -> tf.Tensor:
    r"""Precoders of all users by descent on the sum of their errors.

    Each turn replaces the decoders by the best ones for the precoders, and then each precoder by

    .. math::

        \mathbf{F}_k = \left(\mathbf{H}_k^\mathsf{H}\mathbf{M}\mathbf{H}_k + \xi_k\mathbf{I}
        \right)^{-1}\mathbf{H}_k^\mathsf{H}\mathbf{G}_k^\mathsf{H}\mathbf{W}_k, \qquad
        \mathbf{M} = \sum_j \mathbf{G}_j^\mathsf{H}\mathbf{G}_j,

    with the smallest :math:`\xi_k \ge 0` that keeps the power limit, found by bisection: the best
    precoders for these decoders. Neither step raises the sum. Descent starts at each user's own
    optimum without interference, which is the solution for one user.

    Source: S. Serbetli and A. Yener, "Transceiver Optimization for Multiuser MIMO Systems", 2004,
    here with semantic weights.

    Input
    -----
    problem : :class:`MultipleAccess`
        Users, channels and noise
    iterations : `int`
        Turns; none leaves the users' own optima

    Output
    ------
    : [..., K, T, n], as ``problem.h``
        Precoders within their power limits
    """
    _, found = tf.while_loop(
        lambda i, _: i < tf.constant(iterations),
        lambda i, f: (i + 1, uplink_turn(problem, f)),
        (tf.constant(0), alone(problem)),
        maximum_iterations=iterations,
    )
    return found


def uplink_turn(problem: MultipleAccess, precoders: tf.Tensor) -> tf.Tensor:
    """One turn of :func:`uplink_precoders` for precoders [..., K, T, n]."""
    h, receivers = problem.h, problem.receivers(precoders)
    weighted = receivers * problem.gram
    inner = tf.reduce_sum(tf.matmul(weighted, receivers, adjoint_b=True), -3, keepdims=True)
    normal = tf.matmul(h, tf.matmul(inner, h), adjoint_a=True)
    diagonal = tf.math.real(tf.linalg.diag_part(inner))
    parts = by_element(diagonal, problem.error.shape[-1], problem.fold)
    errors = of_elements(problem.error * parts, h.shape[-1], problem.fold)
    right = tf.matmul(h, weighted, adjoint_a=True)
    return within_power(plus_diagonal(normal, errors), right, problem.power)


def within_power(normal: tf.Tensor, right: tf.Tensor, power: float) -> tf.Tensor:
    r"""Solutions of :math:`(\mathbf{N} + \xi\mathbf{I})\mathbf{F} = \mathbf{R}` within a power.

    Input
    -----
    normal : [..., T, T]
        Positive semidefinite matrices
    right : [..., T, n]
        Right-hand sides
    power : `float`
        Power limit; :math:`\xi \ge 0` is the smallest that keeps it

    Output
    ------
    : [..., T, n]
        Solutions
    """
    values, vectors = tf.linalg.eigh(normal)
    values = tf.maximum(tf.math.real(values), 0.0)
    turned = tf.matmul(vectors, right, adjoint_a=True)
    energies = tf.reduce_sum(energy(turned), -1)
    tiny = np.finfo(values.dtype.as_numpy_dtype).eps * tf.reduce_max(values, -1)
    high = tf.maximum(tf.sqrt(tf.reduce_sum(energies, -1) / power), tiny)

    def used(level: tf.Tensor) -> tf.Tensor:
        gaps = values + level[..., tf.newaxis]
        return tf.reduce_sum(tf.math.divide_no_nan(energies, gaps**2), -1)

    def halve(i: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tuple[tf.Tensor, ...]:
        middle = tf.sqrt(low * high)
        exceeds = used(middle) > power
        return i + 1, tf.where(exceeds, middle, low), tf.where(exceeds, high, middle)

    low = tf.minimum(tf.maximum(tiny, 1e-30), high)
    _, _, level = tf.while_loop(lambda i, *_: i < _BISECTIONS, halve, (tf.constant(0), low, high))
    gains = tf.math.divide_no_nan(1.0, values + level[..., tf.newaxis])
    return tf.matmul(vectors, tf.cast(gains, turned.dtype)[..., tf.newaxis] * turned)


def alone(problem: MultipleAccess) -> tf.Tensor:
    """The best precoder of each user without interference, [..., K, T, n], in closed form."""
    gains, transmit = tf.linalg.eigh(tf.matmul(problem.h, problem.h, adjoint_a=True))
    size = problem.weights.shape[-1]
    gains = tf.maximum(tf.reverse(tf.math.real(gains), [-1])[..., :size], 0.0)
    transmit = tf.reverse(transmit, [-1])[..., :size]
    used = problem.power / problem.error.shape[-1]  # on a resource element
    level = problem.noise[..., tf.newaxis] + used * tf.reduce_mean(problem.error, -1)
    powers = semantic_waterfilling(
        problem.weights + tf.zeros_like(gains),
        gains / level[..., tf.newaxis],
        tf.fill(tf.shape(level), tf.cast(problem.power, gains.dtype)),
    )
    return transmit * tf.cast(tf.sqrt(powers), transmit.dtype)[..., tf.newaxis, :]
