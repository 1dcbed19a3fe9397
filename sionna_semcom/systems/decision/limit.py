# SPDX-License-Identifier: Apache-2.0
"""Scores at the rate-distortion limit of a Gaussian channel."""

from __future__ import annotations

import math

import tensorflow as tf
from sionna.phy import config

from ...link import AWGNLink, Link


def check_limit(link: Link, batch: int | None) -> None:
    """Check that the limit is known in closed form.

    Raises
    ------
    ValueError
        If ``link`` adds more than white noise, or a batch has no variance
    """
    if not isinstance(link, AWGNLink):
        raise ValueError(f"mode 'limit' needs an AWGNLink. Received: {type(link).__name__}")
    if batch is not None and batch < 2:
        raise ValueError(f"mode 'limit' needs batches of at least two samples. Received: {batch}")


def at_limit(scores: tf.Tensor, no: tf.Tensor, num_symbols: int) -> tf.Tensor:
    r"""Scores after transmission at the capacity of an AWGN channel.

    :math:`k` complex symbols carry at most :math:`k \log_2(1 + 1/N_0)` bits. A Gaussian score of
    variance :math:`\sigma^2` then has at least the mean squared error :math:`\sigma^2 d`:

    .. math::
        \hat{s} = \mu + (1 - d)(s - \mu) + \sqrt{d(1 - d)}\,\sigma w, \qquad
        d = (1 + 1/N_0)^{-2k}, \quad w \sim \mathcal{N}(0, 1)

    Mean and variance are those of the batch. Scores of a batch of one are NaN.

    Source: Cover and Thomas, "Elements of Information Theory", section 10.3.2.

    Input
    -----
    scores : [batch], `float`
        Scores at the transmitter
    no : [] or [batch], `float`
        Noise power of symbols of unit power
    num_symbols : `int`
        Number of complex symbols per score

    Output
    ------
    : [batch], `float`
        Scores at the receiver
    """
    rate = num_symbols * tf.math.log1p(1.0 / tf.cast(no, scores.dtype))
    distortion = tf.exp(-2.0 * rate)
    mean, variance = tf.nn.moments(scores, [0])
    variance = tf.where(tf.shape(scores)[0] > 1, variance, math.nan)  # of one sample is unknown
    noise = config.tf_rng.normal(tf.shape(scores), dtype=scores.dtype)
    noise *= tf.sqrt(distortion * (1.0 - distortion) * variance)
    return mean + (1.0 - distortion) * (scores - mean) + noise
