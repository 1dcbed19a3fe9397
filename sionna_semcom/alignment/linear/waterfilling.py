# SPDX-License-Identifier: Apache-2.0
"""Semantic water-filling: optimal powers of the semantic directions."""

from __future__ import annotations

import tensorflow as tf


def semantic_waterfilling(weights: tf.Tensor, gains: tf.Tensor, power: tf.Tensor) -> tf.Tensor:
    r"""Powers that minimize the error of MMSE estimates of parallel semantic coefficients.

    .. math::

        \min_{p_i \ge 0} \sum_i \frac{s_i^2}{1 + g_i p_i} \;\text{ s.t. }\; \sum_i p_i = P
        \quad\Longrightarrow\quad
        p_i = \max\left(0,\; \frac{s_i}{\sqrt{g_i}}\lambda - \frac{1}{g_i}\right)

    Since :math:`s_i\sqrt{g_i}` is in descending order, the active coefficients come first. Their
    number and the level :math:`\lambda` follow from cumulative sums, without iterations. The
    function runs in graph mode and with XLA, and is differentiable with respect to all inputs.

    Input
    -----
    weights : [..., n], `tf.float`
        Semantic singular values :math:`s_i`, descending
    gains : [..., n], `tf.float`
        Ratio :math:`g_i` of channel gain to noise power, descending
    power : [...], `tf.float`
        Total power :math:`P`

    Output
    ------
    : [..., n], `tf.float`
        Powers :math:`p_i` with sum :math:`P`, or zeros if no direction has both weight and gain
    """
    weights = tf.convert_to_tensor(weights)
    gains, power = (tf.cast(value, weights.dtype) for value in (gains, power))
    useful = (gains > 0) & (weights > 0)
    inverse = tf.where(useful, 1.0 / tf.where(useful, gains, 1.0), 0.0)
    ratio = tf.where(useful, weights, 0.0) * tf.sqrt(inverse)
    level = tf.math.divide_no_nan(
        power[..., tf.newaxis] + tf.cumsum(inverse, axis=-1), tf.cumsum(ratio, axis=-1)
    )
    active = useful & (ratio * level > inverse)
    last = tf.reduce_sum(tf.cast(active, tf.int32), -1, keepdims=True) - 1
    level = tf.gather(level, tf.maximum(last, 0), axis=-1, batch_dims=level.shape.rank - 1)
    powers = tf.where(active, tf.maximum(ratio * level - inverse, 0.0), 0.0)
    total = tf.reduce_sum(powers, -1, keepdims=True)  # removes rounding errors at low SNR
    return powers * tf.math.divide_no_nan(power[..., tf.newaxis], total)
