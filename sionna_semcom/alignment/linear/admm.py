# SPDX-License-Identifier: Apache-2.0
"""Iterative solver of the paper for linear alignment, as a method and as a reference.

Source: Pandolfo et al., "Latent Space Alignment for AI-Native MIMO Semantic Communications", 2025.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf
from sionna.phy import config

from ...channel.noise import energy


class ADMMResult(NamedTuple):
    r"""Result of :func:`admm`.

    Parameters
    ----------
    precoder : [..., T, d], `tf.complex` or `tf.float`
        Projected variable :math:`\mathbf{Z}`, which satisfies the power constraint
    decoder : [..., m, R], as ``precoder``
        Optimal decoder for this precoder
    objective : [iterations, ...], `tf.float`
        Error of the projected precoder with its optimal decoder, minus the error of the optimal
        decoder for a noiseless channel of full rank
    power : [iterations, ...], `tf.float`
        Power of the projected precoder
    """

    precoder: tf.Tensor
    decoder: tf.Tensor
    objective: tf.Tensor
    power: tf.Tensor


def mmse_decoder(
    cross: tf.Tensor, h: tf.Tensor, precoder: tf.Tensor, noise_covariance: tf.Tensor
) -> tf.Tensor:
    r"""G-step, equation (15). Shapes as in :func:`admm`.

    .. math:: \mathbf{G} = \mathbf{W}\mathbf{B}^\mathsf{H}
              (\mathbf{B}\mathbf{B}^\mathsf{H} + \mathbf{\Sigma})^{-1}, \qquad
              \mathbf{B} = \mathbf{H}\mathbf{F}

    Input
    -----
    cross, h, noise_covariance
        As in :func:`admm`
    precoder : [..., T, d], as ``cross``
        Precoder :math:`\mathbf{F}`

    Output
    ------
    : [..., m, R], as ``cross``
        Decoder :math:`\mathbf{G}`
    """
    received = tf.matmul(h, precoder)
    covariance = tf.matmul(received, received, adjoint_b=True) + noise_covariance
    return _adjoint(tf.linalg.solve(covariance, tf.matmul(received, cross, adjoint_b=True)))


def admm(
    cross: tf.Tensor,
    h: tf.Tensor,
    noise_covariance: tf.Tensor,
    power: float,
    rho: float = 100.0,
    iterations: int = 20,
    initial: tf.Tensor | None = None,
    record: bool = True,
) -> ADMMResult:
    r"""Alternating direction method of multipliers for linear alignment, Algorithm 1.

    .. math::

        \min_{\mathbf{F}, \mathbf{G}} \lVert\mathbf{W} - \mathbf{G}\mathbf{H}\mathbf{F}\rVert_F^2 +
        \mathrm{tr}(\mathbf{G}\mathbf{\Sigma}\mathbf{G}^\mathsf{H})
        \quad\text{s.t.}\quad \mathrm{tr}(\mathbf{F}\mathbf{F}^\mathsf{H}) \le P

    This is problem (6) for whitened pilots, up to the constant
    :math:`\mathbb{E}\lVert\mathbf{y}\rVert^2 - \lVert\mathbf{W}\rVert_F^2`.

    Source: Pandolfo et al., 2025. Two corrections: With whitened pilots,
    :math:`\mathbf{X}\mathbf{X}^\mathsf{H} = n\mathbf{I}`, so that the F-step (21) is one linear
    solve with :math:`\mathbf{A} + \rho\mathbf{I}` (the Kronecker product in the text contains
    :math:`\mathbf{B}^\mathsf{H}` instead of :math:`\mathbf{B}^\mathsf{T}`). The projected
    :math:`\mathbf{Z}` is used as precoder, because :math:`\mathbf{F}` can violate the power
    constraint.

    Input
    -----
    cross : [m, d] or [..., m, d], `tf.complex` or `tf.float`
        Semantic cross-covariance :math:`\mathbf{W}`
    h : [..., R, T], as ``cross``
        Channel, block diagonal over the channel uses
    noise_covariance : [R, R] or [..., R, R], as ``cross``
        Covariance :math:`\mathbf{\Sigma}` of the noise
    power : `float`
        Power limit :math:`P`
    rho : `float`
        Penalty :math:`\rho`
    iterations : `int`
        Number of iterations
    initial : `None` | [..., T, d], as ``cross``
        Initial precoder; drawn from CN(0, 1) by default
    record : `bool`
        Whether objective and power of each iteration are returned; otherwise, both are empty

    Output
    ------
    : `ADMMResult`
        Precoder, decoder, and objective and power of each iteration
    """
    cross, h = tf.convert_to_tensor(cross), tf.convert_to_tensor(h)
    dtype = cross.dtype
    shape = tf.concat([tf.shape(h)[:-2], [h.shape[-1], cross.shape[-1]]], 0)
    f = _normal(shape, dtype) if initial is None else initial
    z = u = tf.zeros(shape, dtype)
    penalty = tf.cast(rho, dtype) * tf.eye(h.shape[-1], dtype=dtype)
    count = tf.constant(iterations)
    histories = [tf.TensorArray(dtype.real_dtype, count) for _ in range(2 if record else 0)]

    def step(
        i: tf.Tensor, f: tf.Tensor, z: tf.Tensor, u: tf.Tensor, *histories: tf.TensorArray
    ) -> tuple[Any, ...]:
        seen = tf.matmul(mmse_decoder(cross, h, f, noise_covariance), h)
        right = tf.cast(rho, dtype) * (z - u) + tf.matmul(seen, cross, adjoint_a=True)
        f = tf.linalg.solve(tf.matmul(seen, seen, adjoint_a=True) + penalty, right)
        z = _project(f + u, power)
        u = u + f - z
        if not record:
            return i + 1, f, z, u
        objective = alignment_error(cross, h, z, noise_covariance)
        return i + 1, f, z, u, histories[0].write(i, objective), histories[1].write(i, _power(z))

    _, _, z, _, *histories = tf.while_loop(
        lambda i, *_: i < count,
        step,
        (tf.constant(0), f, z, u, *histories),
        maximum_iterations=iterations,
    )
    decoder = mmse_decoder(cross, h, z, noise_covariance)
    empty = tf.zeros([0], dtype.real_dtype)
    objective, used = (part.stack() for part in histories) if record else (empty, empty)
    return ADMMResult(z, decoder, objective, used)


def alignment_error(
    cross: tf.Tensor, h: tf.Tensor, precoder: tf.Tensor, noise_covariance: tf.Tensor
) -> tf.Tensor:
    r"""Objective of :func:`admm` with the optimal decoder for ``precoder``, [...].

    Input
    -----
    cross, h, noise_covariance
        As in :func:`admm`
    precoder : [..., T, d], as ``cross``
        Precoder :math:`\mathbf{F}`

    Output
    ------
    : [...], `tf.float`
        Objective
    """
    received = tf.matmul(h, precoder)
    covariance = tf.matmul(received, received, adjoint_b=True) + noise_covariance
    explained = tf.matmul(cross, received, adjoint_b=True)
    lowered = tf.matmul(explained, tf.linalg.solve(covariance, _adjoint(explained)))
    return _power(cross) - tf.math.real(tf.linalg.trace(lowered))


def _project(f: tf.Tensor, power: float) -> tf.Tensor:
    """Z-step, equations (25) and (26)."""
    used = _power(f)
    within = tf.sqrt(tf.math.divide_no_nan(tf.cast(power, used.dtype), used))
    scale = tf.where(used > power, within, 1.0)
    return f * tf.cast(scale, f.dtype)[..., tf.newaxis, tf.newaxis]


def _power(matrix: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(energy(matrix), (-2, -1))


def _adjoint(matrix: tf.Tensor) -> tf.Tensor:
    return tf.linalg.adjoint(matrix)


def _normal(shape: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    if not dtype.is_complex:
        return config.tf_rng.normal(shape, dtype=dtype)
    scale = tf.cast(0.5**0.5, dtype.real_dtype)
    parts = [scale * config.tf_rng.normal(shape, dtype=dtype.real_dtype) for _ in range(2)]
    return tf.complex(*parts)
