# SPDX-License-Identifier: Apache-2.0
"""Additive white Gaussian noise with a differentiable noise power."""

from __future__ import annotations

import tensorflow as tf
from sionna.phy.channel import AWGN
from sionna.phy.utils import expand_to_rank

from ..mapping.real_factor import as_complex


class ScaledAWGN(AWGN):
    """Sionna's AWGN channel, with unit noise that is scaled afterwards.

    The output is that of :class:`~sionna.phy.channel.AWGN`. Sionna casts the root of the noise
    power to a complex number. If the channel is traced in a nested function, TensorFlow
    differentiates this cast and logs a warning.
    :func:`~sionna_semcom.mapping.real_factor.as_complex` replaces the cast.

    Input
    -----
    x : [...], `tf.complex`
        Sent signal
    no : [] or the first axes of ``x``, `tf.float`
        Noise power

    Output
    ------
    : as ``x``
        Received signal
    """

    def call(self, x: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Add noise to ``x``."""
        noise = super().call(tf.zeros_like(x), tf.ones([], self.rdtype))
        no = expand_to_rank(tf.cast(no, self.rdtype), tf.rank(x), axis=-1)
        return x + noise * as_complex(tf.sqrt(no))
