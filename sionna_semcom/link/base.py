# SPDX-License-Identifier: Apache-2.0
"""The contract that every link keeps."""

from __future__ import annotations

from abc import abstractmethod

import tensorflow as tf
from sionna.phy import Block


class Link(Block):
    r"""A chain from complex symbols at the transmitter to equalised symbols at the receiver.

    .. math:: \hat{x}_{b,s} = x_{b,s} + w_{b,s}, \qquad \mathbb{E}|w_{b,s}|^2 = N_{b,s}

    with :math:`N_{b,s}` reported as ``no_eff``. Antennas, streams, pilots, precoding, estimation,
    equalisation and packing are the link's business. SNR is total transmit power per resource
    element over noise power per receive antenna, with channel coefficients of unit average power;
    as the transmit power is one, ``no`` is the inverse of the (linear) SNR.

    A link is differentiable from ``symbols_hat`` to ``symbols``.

    Input
    -----
    symbols : [batch, num_symbols], `tf.complex`
        Symbols of unit average power
    no : [] or [batch], `tf.float`
        Noise power per receive antenna

    Output
    ------
    symbols_hat : [batch, num_symbols], `tf.complex`
        Equalised symbols, scaled without bias
    no_eff : [batch, num_symbols], `tf.float`
        Noise power left on each symbol after equalisation

    Raises
    ------
    ValueError
        If ``symbols`` is not a complex matrix, or ``no`` is neither a scalar nor one value a row
    """

    def call(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Check the shapes and send ``symbols`` at noise power ``no``."""
        symbols = tf.convert_to_tensor(symbols)
        no = tf.cast(tf.convert_to_tensor(no), self.rdtype)
        if symbols.shape.rank != 2 or not symbols.dtype.is_complex:
            raise ValueError(
                "`symbols` must be complex of shape [batch, num_symbols]. "
                f"Received: shape={symbols.shape}, dtype={symbols.dtype.name}"
            )
        if no.shape.rank != 0 and not no.shape.is_compatible_with(symbols.shape[:1]):
            raise ValueError(
                f"`no` must have shape [] or [batch], here {symbols.shape[:1]}. "
                f"Received: shape={no.shape}"
            )
        symbols_hat, no_eff = self.transmit(symbols, no)
        no_eff = tf.maximum(no_eff, 0.0)  # rounding can leave less than nothing
        return tf.ensure_shape(symbols_hat, symbols.shape), tf.ensure_shape(no_eff, symbols.shape)

    @abstractmethod
    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``; shapes as in the class."""

    @abstractmethod
    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Complex channel uses (resource elements) to send ``num_latents`` rows of ``num_symbols``.

        One use carries all spatial streams of a resource element; pilots and padding count.
        """
