# SPDX-License-Identifier: Apache-2.0
"""Descent on the sum of the users' errors, over the precoder that they share."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ..linear.waterfilling import semantic_waterfilling
from .problem import Broadcast, by_element, of_elements, plus_diagonal, used_power

_LENGTHS = (1.0, 2.0, 4.0, 8.0)


def shared_precoder(
    problem: Broadcast,
    iterations: int = 40,
    initial: tf.Tensor | None = None,
    trial: int | None = None,
) -> tf.Tensor:
    r"""A precoder for all users: the best of several descents.

    Each turn replaces the decoders by the best ones for the precoder, and then the precoder by

    .. math::

        \mathbf{F} \propto \left(\sum_k \mathbf{H}_k^\mathsf{H}\mathbf{G}_k^\mathsf{H}\mathbf{G}_k
        \mathbf{H}_k + \xi\mathbf{I}\right)^{-1} \sum_k \mathbf{H}_k^\mathsf{H}
        \mathbf{G}_k^\mathsf{H}\mathbf{W}_k, \qquad
        \xi = \frac{1}{P}\sum_k \mathrm{tr}(\mathbf{G}_k\mathbf{N}_k\mathbf{G}_k^\mathsf{H})

    at the power limit: the best one for these decoders up to a common factor, which the next
    decoders contain. Neither step raises the sum of the errors. The step is lengthened by the
    factor, out of 1, 2, 4 and 8, that lowers the sum most. For one user the closed form is
    among the starts, and descent stays at this global optimum. With several users the problem is
    not convex: descents start at each user's own optimum and at the mean of these.

    Source of the update of the precoder with a common factor: M. Joham, W. Utschick and J. A.
    Nossek, "Linear Transmit Processing in MIMO Communications Systems", 2005.

    Input
    -----
    problem : :class:`Broadcast`
        Users, channels and noise
    iterations : `int`
        Turns of each descent
    initial : `None` | [S, ..., T, n], as ``problem.gram``
        Where the descents start; by default as above
    trial : `None` (all) | `int`
        Turns after which the best of the descents continues alone, which saves time

    Output
    ------
    : [..., T, n], as ``problem.gram``
        The precoder of the least sum, with the whole power
    """
    starts = own_optima(problem) if initial is None else initial
    if initial is None and problem.gram.shape[0] > 1:
        mean = tf.reduce_mean(starts, 0, keepdims=True)
        starts = tf.concat([starts, at_power(mean, problem.power)], 0)
    together = iterations if trial is None else min(trial, iterations)
    found = _best(problem, _turns(problem, starts, together))
    return _turns(problem, found, iterations - together)


def _turns(problem: Broadcast, precoder: tf.Tensor, count: int) -> tf.Tensor:
    """``count`` turns for precoders [..., T, n]."""
    _, found = tf.while_loop(
        lambda i, _: i < tf.constant(count),
        lambda i, f: (i + 1, long_turn(problem, f)),
        (tf.constant(0), precoder),
        maximum_iterations=count,
    )
    return found


def long_turn(problem: Broadcast, precoder: tf.Tensor) -> tf.Tensor:
    """One turn of :func:`shared_precoder`, and steps beyond it, whichever lowers the sum most."""
    step = turn(problem, precoder) - precoder
    lengths = tf.constant(_LENGTHS, step.dtype.real_dtype)
    lengths = tf.reshape(lengths, [-1, *[1] * step.shape.rank])
    longer = precoder + tf.cast(lengths, step.dtype) * step
    return _best(problem, at_power(longer, problem.power))


def _best(problem: Broadcast, precoders: tf.Tensor) -> tf.Tensor:
    """Of precoders [S, ..., T, n] those of the least sum, [..., T, n]."""
    best = tf.argmin(problem.objective(precoders), 0)
    chosen = tf.one_hot(best, precoders.shape[0], axis=0, dtype=precoders.dtype.real_dtype)
    chosen = tf.cast(chosen, precoders.dtype)
    return tf.reduce_sum(precoders * chosen[..., tf.newaxis, tf.newaxis], 0)


def turn(problem: Broadcast, precoder: tf.Tensor) -> tf.Tensor:
    """One turn of :func:`shared_precoder` for precoders [..., T, n]."""
    receivers = problem.receivers(precoder)
    weighted = tf.matmul(receivers, problem.gram)
    inner = tf.matmul(weighted, receivers, adjoint_b=True)
    diagonal = tf.math.real(tf.linalg.diag_part(inner))
    normal = tf.reduce_sum(tf.matmul(problem.h, tf.matmul(inner, problem.h), adjoint_a=True), -3)
    right = tf.reduce_sum(tf.matmul(problem.h, weighted, adjoint_a=True), -3)
    parts = by_element(diagonal, problem.error.shape[-1], problem.fold)
    errors = tf.reduce_sum(problem.error * parts, -2)
    noise = tf.reduce_sum(problem.noise * tf.reduce_sum(diagonal, -1), -1) / problem.power
    level = noise[..., tf.newaxis] + of_elements(errors, problem.h.shape[-1], problem.fold)
    return at_power(tf.linalg.solve(plus_diagonal(normal, level), right), problem.power)


def own_optima(problem: Broadcast) -> tf.Tensor:
    """The best precoder for each user alone, [K, ..., T, n], in closed form."""
    size = problem.h.shape[-1]
    values, vectors = np.linalg.eigh(tf.get_static_value(problem.gram))  # ascending
    weights = np.sqrt(np.maximum(values[:, ::-1], 0.0))[:, :size]
    directions = tf.constant(vectors[..., ::-1][..., :size], problem.h.dtype)
    gains, transmit = tf.linalg.eigh(tf.matmul(problem.h, problem.h, adjoint_a=True))
    num_modes = weights.shape[-1]
    gains = tf.maximum(tf.reverse(tf.math.real(gains), [-1])[..., :num_modes], 0.0)
    transmit = tf.reverse(transmit, [-1])[..., :num_modes]
    level = problem.noise + tf.reduce_mean(problem.error, -1)
    powers = semantic_waterfilling(
        tf.constant(weights, gains.dtype) + tf.zeros_like(gains),
        gains / level[..., tf.newaxis],
        tf.fill(tf.shape(level), tf.cast(problem.power, gains.dtype)),
    )
    amplitudes = tf.cast(tf.sqrt(powers), transmit.dtype)[..., tf.newaxis, :]
    own = tf.matmul(transmit * amplitudes, directions, adjoint_b=True)
    users_first = [own.shape.rank - 3, *range(own.shape.rank - 3), *(-2 % own.shape.rank,)]
    return tf.transpose(own, [*users_first, own.shape.rank - 1])


def at_power(precoder: tf.Tensor, power: float) -> tf.Tensor:
    """A precoder [..., T, n] scaled to its power limit."""
    used = used_power(precoder)
    scale = tf.sqrt(tf.math.divide_no_nan(tf.cast(power, used.dtype), used))
    return precoder * tf.cast(scale, precoder.dtype)
