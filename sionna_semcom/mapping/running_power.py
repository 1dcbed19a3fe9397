# SPDX-License-Identifier: Apache-2.0
"""Running average of a power, updated only in training."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager import record


class RunningPower(keras.layers.Layer):
    r"""Power of the batch in training, and its exponential average otherwise.

    .. math:: P \leftarrow m P + (1 - m) P_\text{batch}

    This is a Keras layer, so that it receives ``training`` from the layers and models that call it
    and is saved with them. Models whose ``call`` has no argument ``training`` do not pass it to
    their layers. In this case, training is detected by a gradient that is being recorded.

    Parameters
    ----------
    momentum : `float`
        Weight :math:`m` of the previous average

    Input
    -----
    power : [], `float64`
        Power of the batch
    training : `None` | `bool`
        Whether the power of the batch is used and updates the average

    Output
    ------
    : [], `float64`
        Power for the normalization
    """

    def __init__(self, momentum: float) -> None:
        super().__init__(dtype="float64", autocast=False, name="running_power")
        self.momentum = momentum
        self.mean_power = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="mean_power"
        )
        self.built = True

    def call(self, power: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Select the power, and update the average in training."""
        if training is None:
            training = record.could_possibly_record()
        past = tf.convert_to_tensor(self.mean_power)
        if not training:
            return tf.where(past > 0, past, power)
        new = self.momentum * past + (1.0 - self.momentum) * power
        average = tf.where(past > 0, new, power)
        average = tf.where(tf.math.is_finite(average), average, past)  # without a failed batch
        self.mean_power.assign(tf.stop_gradient(average))
        return power

    def load_own_variables(self, store: Any) -> None:
        """Load the average. Older files do not contain it."""
        if store.keys():
            super().load_own_variables(store)
