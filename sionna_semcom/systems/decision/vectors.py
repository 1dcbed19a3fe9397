# SPDX-License-Identifier: Apache-2.0
"""Features of all modalities as one vector per sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from ..base.presence import where_present


def as_vectors(
    inputs: Mapping[str, Any],
    shapes: Mapping[str, Sequence[int]],
    presence: tf.Tensor | None = None,
) -> tf.Tensor:
    """Concatenate the features of all modalities, with sequences as the mean of their frames.

    Input
    -----
    inputs : `dict`
        Features ``[batch, *shape]``, and for sequences ``<name>_length`` ``[batch]``; padding is
        excluded from the mean, and a sequence without frames is zero
    shapes : `dict`
        Shape of a sample of each modality
    presence : `None` (all) | [batch, num_modalities], `float`
        One if the transmitter has the modality, otherwise zero

    Output
    ------
    : [batch, dim], `float`
        Vectors, zero for missing modalities
    """
    vectors = []
    for name, shape in shapes.items():
        vector = tf.convert_to_tensor(inputs[name], tf.float32)
        if len(shape) == 2:
            lengths = tf.convert_to_tensor(inputs[f"{name}_length"], tf.int32)
            real = tf.sequence_mask(lengths, shape[0], tf.float32)[..., tf.newaxis]
            vector = tf.math.divide_no_nan(tf.reduce_sum(vector * real, 1), tf.reduce_sum(real, 1))
        else:
            vector = tf.reshape(vector, [-1, math.prod(shape)])
        vectors.append(vector)
    return tf.concat(vectors if presence is None else where_present(vectors, presence), -1)
