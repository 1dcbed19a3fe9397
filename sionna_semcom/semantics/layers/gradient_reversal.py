# SPDX-License-Identifier: Apache-2.0
"""Gradient reversal layer."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@tf.custom_gradient
def reverse_gradient(x: tf.Tensor, scale: tf.Tensor) -> Any:
    r"""Return ``x`` with gradient :math:`-\alpha\,\partial\mathcal{L}/\partial\mathbf{x}`."""
    return tf.identity(x), lambda upstream: (-scale * upstream, None)


@keras.saving.register_keras_serializable("sionna_semcom")
class GradientReversal(keras.layers.Layer):
    r"""Identity with a gradient that is reversed and scaled by :math:`\alpha`.

    In one backward pass, layers after this layer minimize a loss, and layers before it maximize the
    same loss.

    Source: Ganin et al., "Domain-Adversarial Training of Neural Networks", 2016; Fu et al.,
    equation (39).

    Parameters
    ----------
    scale : `float`
        Scale :math:`\alpha \ge 0`; callbacks can change it with ``scale.assign``

    Input
    -----
    x : `float`
        Any tensor

    Output
    ------
    : as ``x``
        Unchanged input

    Raises
    ------
    ValueError
        If ``scale`` is negative
    """

    def __init__(self, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if scale < 0:
            raise ValueError(f"`scale` must not be negative. Received: {scale}")
        self.scale = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(scale), trainable=False, name="scale"
        )
        self.built = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return ``x``."""
        return reverse_gradient(x, tf.convert_to_tensor(self.scale))
