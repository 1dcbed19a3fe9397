# SPDX-License-Identifier: Apache-2.0
"""Federated alternating directions: users and station exchange precoders until they agree."""

from __future__ import annotations

import tensorflow as tf

from .descent import at_power, own_optima
from .problem import Broadcast, plus_diagonal, used_power


def federated_admm(
    problem: Broadcast, iterations: int = 50, rho: float = 1.0, initial: tf.Tensor | None = None
) -> tf.Tensor:
    r"""The shared precoder by consensus between the users.

    In each iteration, each user computes the best decoder for the precoder :math:`\mathbf{Z}` of
    the station, and its own precoder,

    .. math::

        \mathbf{F}_k = \arg\min_{\mathbf{F}} \lVert\mathbf{W}_k - \mathbf{G}_k\mathbf{H}_k
        \mathbf{F}\rVert^2 + \rho\lVert\mathbf{F} - \mathbf{Z} + \mathbf{U}_k\rVert^2 .

    The station projects the mean of :math:`\mathbf{F}_k + \mathbf{U}_k` on the power limit and
    sends it to the users. Finally, the precoder is scaled to the power limit. Errors of the channel
    knowledge are considered by the decoders, but not by the precoder.

    Source: downlink alignment with a shared pre-equalizer, arXiv:2602.17271, in the consensus form
    of Boyd et al., "Distributed Optimization and Statistical Learning via ADMM", 2011, section 7.

    Input
    -----
    problem : :class:`~sionna_semcom.alignment.many_users.problem.Broadcast`
        Users, channels and noise
    iterations : `int`
        Iterations
    rho : `float`
        Penalty
    initial : `None` | [..., T, n], as ``problem.gram``
        First precoder; by default the mean of the users' own optima

    Output
    ------
    : [..., T, n], as ``problem.gram``
        Precoder with the whole power
    """
    h, gram = problem.h, problem.gram
    z = at_power(tf.reduce_mean(own_optima(problem), 0), problem.power)
    z = z if initial is None else initial
    u = tf.zeros(tf.concat([tf.shape(h)[:-2], tf.shape(z)[-2:]], 0), z.dtype)
    count, penalty = tf.constant(iterations), tf.constant(rho, z.dtype.real_dtype)

    def step(i: tf.Tensor, z: tf.Tensor, u: tf.Tensor) -> tuple[tf.Tensor, ...]:
        receivers = problem.receivers(z)
        weighted = tf.matmul(receivers, gram)
        inner = tf.matmul(weighted, receivers, adjoint_b=True)
        normal = tf.matmul(h, tf.matmul(inner, h), adjoint_a=True)
        normal = plus_diagonal(normal, tf.fill(tf.shape(normal)[:-1], penalty))
        target = tf.cast(penalty, z.dtype) * (z[..., tf.newaxis, :, :] - u)
        right = tf.matmul(h, weighted, adjoint_a=True) + target
        own = tf.linalg.solve(normal, right)
        mean = tf.reduce_mean(own + u, -3)
        used = used_power(mean)
        inside = tf.sqrt(tf.math.divide_no_nan(tf.cast(problem.power, used.dtype), used))
        z = mean * tf.cast(tf.minimum(inside, 1.0), mean.dtype)
        return i + 1, z, u + own - z[..., tf.newaxis, :, :]

    _, z, _ = tf.while_loop(
        lambda i, *_: i < count, step, (tf.constant(0), z, u), maximum_iterations=iterations
    )
    return at_power(z, problem.power)
