# SPDX-License-Identifier: Apache-2.0
"""Example of a metric: the maximum error of an image."""

import math
from typing import Literal

import tensorflow as tf

from sionna_semcom.metrics import METRICS, MetricSettings


@METRICS.declare
class MaxError(MetricSettings):
    """Largest absolute error of a pixel."""

    modalities = ("image",)
    limits = (0.0, math.inf)

    kind: Literal["max_error"] = "max_error"

    def __call__(self, x: tf.Tensor, x_hat: tf.Tensor) -> tf.Tensor:
        """Largest absolute error [batch]."""
        return tf.reduce_max(tf.abs(x - x_hat), axis=list(range(1, x.shape.rank)))
