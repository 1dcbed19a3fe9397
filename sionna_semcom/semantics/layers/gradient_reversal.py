# SPDX-License-Identifier: Apache-2.0
"""A layer that lets everything through and turns gradients round."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@tf.custom_gradient
def reverse_gradient(x: tf.Tensor, scale: tf.Tensor) -> Any:
    r"""Give ``x``, and :math:`-\alpha\,\partial\mathcal{L}/\partial\mathbf{x}` as its gradient."""
    return tf.identity(x), lambda upstream: (-scale * upstream, None)


@keras.saving.register_keras_serializable("sionna_semcom")
class GradientReversal(keras.layers.Layer):
    r"""Identity whose gradient is reversed and scaled by :math:`\alpha`.

    What stands behind it minimizes a loss that what stands before it maximizes, in one backward
    pass.

    Source: Ganin et al., "Domain-Adversarial Training of Neural Networks", 2016; Fu et al.,
    equation (39).

    Parameters
    ----------
    scale : `float`
        Scale :math:`\alpha \ge 0`, which callbacks may schedule with ``scale.assign``

    Input
    -----
    x : `float`
        Anything

    Output
    ------
    : as ``x``
        The same

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
        """Let ``x`` through."""
        return reverse_gradient(x, tf.convert_to_tensor(self.scale))
