# SPDX-License-Identifier: Apache-2.0
"""One precoder for all users, and a network at each user that serves every set of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from ..._networks import perceptron
from ..neural.aligners import each_row
from .aligner import BroadcastTransceiver


class NeuralBroadcastAligner(keras.layers.Layer):
    r"""Shared precoder of :class:`BroadcastAligner` with neural decoders, for all channels.

    .. math::

        \hat{\mathbf{y}}_k = \mathbf{G}_k\mathbf{r}_k + \sigma_k\,
        g_{k}\!\left(\hat{\mathbf{z}}_k, \boldsymbol\rho_k\right)

    A user's network sees MMSE estimates :math:`\hat{\mathbf{z}}_k` of the transmitter's
    coefficients, and the shares :math:`\boldsymbol\rho_k` of their variances that the estimates
    explain. Both have the same meaning for all channels, antennas and SNRs, so that one network
    per user serves every set of channels. It corrects the linear decoder, from which training
    starts. Users and station exchange the same numbers as without networks.

    Parameters
    ----------
    linear : :class:`BroadcastAligner`
        Fitted aligner, in the widely linear form
    num_coefficients : `int`
        Coefficients of the transmitter
    widths : sequence of `int`
        Sizes of the users' latents
    spreads : sequence of `float`
        Root mean variances :math:`\sigma_k` of the features of the users' latents
    units : sequence of `int`
        Hidden layers of each network
    kwargs :
        ``name``, ``dtype`` and ``trainable``, as for any Keras layer
    """

    def __init__(
        self,
        linear: Any,
        num_coefficients: int,
        widths: Sequence[int],
        spreads: Sequence[float],
        units: Sequence[int] = (256,),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.linear = linear
        self.sizes = num_coefficients, list(widths), list(spreads), list(units)
        self.decoders = [
            perceptron(2 * num_coefficients, units, width, last="zeros") for width in widths
        ]

    def design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float = 0.0
    ) -> NeuralBroadcastTransceiver:
        """Design the precoder for channels ``h`` [..., K, B, N_R, N_T], as the linear aligner."""
        return NeuralBroadcastTransceiver(self, self.linear.design(h, no, error_variance))

    def exchanged(self, num_elements: int, num_rx_ant: int, num_tx_ant: int) -> dict[str, int]:
        """Real numbers that cross between users and station, as for the linear aligner."""
        exchanged: dict[str, int] = self.linear.exchanged(num_elements, num_rx_ant, num_tx_ant)
        return exchanged

    def corrections(self, estimates: tf.Tensor, explained: tf.Tensor) -> list[tf.Tensor]:
        """Corrections [..., L, m_k] for estimates [..., K, L, n] with shares [..., K, n]."""
        shares = tf.repeat(explained[..., tf.newaxis, :], tf.shape(estimates)[-2], -2)
        inputs = tf.cast(tf.concat([estimates, shares], -1), tf.float32)
        spreads = self.sizes[2]
        return [
            spread * each_row(network, own)
            for network, spread, own in zip(
                self.decoders, spreads, tf.unstack(inputs, axis=-3), strict=True
            )
        ]


class NeuralBroadcastTransceiver(NamedTuple):
    """:class:`NeuralBroadcastAligner` for given channels."""

    aligner: NeuralBroadcastAligner
    linear: BroadcastTransceiver

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        return self.linear.precode(latents)

    def decode(self, y: tf.Tensor) -> list[tf.Tensor]:
        """From received symbols [..., K, L, B, N_R] to the users' latents [..., L, m_k]."""
        estimates = self.linear.coefficients(y)
        corrections = self.aligner.corrections(estimates, self.linear.explained)
        return [
            tf.cast(own, tf.float32) + correction
            for own, correction in zip(self.linear.latents(estimates), corrections, strict=True)
        ]
