# SPDX-License-Identifier: Apache-2.0
"""Combining of the equalized symbols of several transmissions."""

from __future__ import annotations

import tensorflow as tf


def maximum_ratio_combining(
    symbols_hat: tf.Tensor, no_eff: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Maximum-ratio combining of unbiased estimates of the same symbols.

    .. math::

        \hat{x} = \frac{\sum_i \hat{x}_i / N_i}{\sum_i 1 / N_i}, \qquad
        N = \frac{1}{\sum_i 1 / N_i}

    If the noise of the transmissions is independent, this is the linear unbiased estimate of
    minimum variance (Brennan, "Linear diversity combining techniques", 1959). If an estimate has no
    noise (:math:`N_i = 0`), it is the output. Estimates with infinite noise have no weight.

    Input
    -----
    symbols_hat : [num_transmissions, ...], `tf.complex`
        Estimates of each transmission

    no_eff : as ``symbols_hat``, `tf.float`
        Noise power left on them

    Output
    ------
    symbols_hat : [...], `tf.complex`
        Combined estimates

    no_eff : [...], `tf.float`
        Noise power left on them
    """
    least = tf.reduce_min(no_eff, axis=0)
    # weights relative to the least noise are in [0, 1] in any unit of the noise
    weights = tf.where(no_eff > least, tf.math.divide_no_nan(least, no_eff), 1.0)
    total = tf.reduce_sum(weights, axis=0)
    symbols_hat = tf.where(weights > 0.0, symbols_hat, tf.zeros_like(symbols_hat))  # may be inf
    weighted = tf.reduce_sum(tf.cast(weights, symbols_hat.dtype) * symbols_hat, axis=0)
    return weighted / tf.cast(total, symbols_hat.dtype), least / total


def combined_after_each(symbols_hat: tf.Tensor, no_eff: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """`maximum_ratio_combining` of the first, the first two, ... transmissions."""
    combined = [
        maximum_ratio_combining(symbols_hat[:count], no_eff[:count])
        for count in range(1, symbols_hat.shape[0] + 1)
    ]
    estimates, noise = zip(*combined, strict=True)
    return tf.stack(estimates), tf.stack(noise)


def arrived_after_each(symbols_hat: tf.Tensor, no_eff: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Estimates of a row after each of its parts.

    Input
    -----
    symbols_hat : [num_parts, batch, num_symbols], `tf.complex`
        Estimates of the parts

    no_eff : as ``symbols_hat``, `tf.float`
        Noise power left on them

    Output
    ------
    symbols_hat : [num_parts, batch, num_parts * num_symbols], `tf.complex`
        Estimates of the row after each part; zero for parts that were not received yet

    no_eff : as ``symbols_hat``, `tf.float`
        Noise power left on them; infinite for parts that were not received yet
    """
    number = symbols_hat.shape[0]
    there = tf.range(number)[:, tf.newaxis] >= tf.range(number)  # after each, of each
    there = there[:, :, tf.newaxis, tf.newaxis]

    def rows(parts: tf.Tensor, missing: float) -> tf.Tensor:
        absent = tf.cast(missing, parts.dtype) * tf.ones_like(parts)
        known = tf.where(there, parts[tf.newaxis], absent[tf.newaxis])
        known = tf.transpose(known, [0, 2, 1, 3])
        return tf.reshape(known, [number, tf.shape(parts)[1], number * tf.shape(parts)[2]])

    return rows(symbols_hat, 0.0), rows(no_eff, float("inf"))
