# SPDX-License-Identifier: Apache-2.0
"""Accuracy of classifications."""

from __future__ import annotations

import tensorflow as tf

from .floating import check_equal_shapes
from .undecidable import note_outputs


def accuracy(x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
    r"""Whether :math:`\arg\max_k \hat{x}_{b,k} = \arg\max_k x_{b,k}`.

    Input
    -----
    x : [batch, num_classes], `float`
        One-hot classes or their probabilities
    x_hat : [batch, num_classes], `float`
        Logits or probabilities

    Output
    ------
    : [batch], `bool`
        Whether the decision is correct; the accuracy is the mean. `sim_metrics` raises
        FloatingPointError if the input of the decision is not finite

    Raises
    ------
    ValueError
        If the arguments are not matrices of the same shape
    """
    x, x_hat = tf.convert_to_tensor(x), tf.convert_to_tensor(x_hat)
    if x.shape.rank != 2 or not x.shape.is_compatible_with(x_hat.shape):
        raise ValueError(
            "`x` and `x_hat` must both have shape [batch, num_classes]. "
            f"Received: {x.shape} and {x_hat.shape}"
        )
    check_equal_shapes(x, x_hat)
    note_outputs(x, x_hat)
    return tf.equal(tf.argmax(x, -1), tf.argmax(x_hat, -1))
