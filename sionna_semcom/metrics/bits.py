# SPDX-License-Identifier: Apache-2.0
"""Errors of decided bits."""

from __future__ import annotations

import tensorflow as tf

from .floating import as_floating, check_equal_shapes
from .undecidable import note_outputs


def ber(bits: tf.Tensor, bits_hat: tf.Tensor) -> tf.Tensor:
    r"""Bit error rate of each block, :math:`\frac{1}{k}\sum_i [\hat{b}_i \neq b_i]`.

    The mean over blocks is that of Sionna's :func:`~sionna.phy.utils.compute_ber`.

    Input
    -----
    bits, bits_hat : [batch, ...], `tf.float`, `tf.int` or `tf.bool`
        Bits that were sent, and decisions; a block is all of a row

    Output
    ------
    : [batch], `tf.float`
        Share of wrong bits

    Raises
    ------
    ValueError
        If the two have not the same shape, with a bit in a row at least
    """
    return tf.reduce_mean(tf.cast(_wrong(bits, bits_hat), tf.float32), axis=1)


def bler(bits: tf.Tensor, bits_hat: tf.Tensor) -> tf.Tensor:
    r"""Whether a bit of a block is wrong; the block error rate is the proportion of these.

    The proportion is that of Sionna's :func:`~sionna.phy.utils.compute_bler`, which takes the last
    axis for a block.

    Input
    -----
    bits, bits_hat : [batch, ...], `tf.float`, `tf.int` or `tf.bool`
        Bits that were sent, and decisions; a block is all of a row

    Output
    ------
    : [batch], `tf.bool`
        Wrong or right

    Raises
    ------
    ValueError
        If the two have not the same shape, with a bit in a row at least
    """
    return tf.reduce_any(_wrong(bits, bits_hat), axis=1)


def _wrong(bits: tf.Tensor, bits_hat: tf.Tensor) -> tf.Tensor:
    bits, bits_hat = as_floating(bits, bits_hat, ("bits", "bits_hat"))
    same = bits.shape.is_compatible_with(bits_hat.shape)
    rank = bits.shape.rank
    if rank in (0, 1) or not same or (rank and 0 in bits.shape[1:]):
        raise ValueError(
            "`bits` and `bits_hat` must have a bit in a row, and the same shape [batch, ...]. "
            f"Received: {bits.shape} and {bits_hat.shape}"
        )
    check_equal_shapes(bits, bits_hat)
    note_outputs(bits, bits_hat)
    wrong = tf.not_equal(bits, bits_hat)
    return tf.reshape(wrong, [tf.shape(wrong)[0], tf.reduce_prod(tf.shape(wrong)[1:])])
