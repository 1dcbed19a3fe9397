# SPDX-License-Identifier: Apache-2.0
"""Dense layers with complex weights, and pruning."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ...channel.noise import energy
from ..aligner import by_row


@keras.saving.register_keras_serializable("sionna_semcom")
class ComplexDense(keras.layers.Layer):
    r"""Dense layer with complex weights, some of which may be pruned.

    .. math:: \mathbf{y} = (\mathbf{m} \odot \mathbf{K})^\mathsf{T}\mathbf{x} + \mathbf{b}

    Initial weights are drawn from :math:`\mathcal{CN}(0, 1/n)` for :math:`n` inputs. The binary
    mask :math:`\mathbf{m}` keeps pruned weights at zero, with zero gradient.

    Parameters
    ----------
    units : `int`
        Number of outputs
    kwargs :
        ``name``, ``dtype`` and ``trainable``, as for any Keras layer

    Input
    -----
    inputs : [..., num_inputs], `tf.complex64`
        Inputs

    Output
    ------
    : [..., units], `tf.complex64`
        Outputs
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        shape = (int(input_shape[-1] or 0), self.units)
        self.kernel = [
            self.add_weight(
                shape,
                keras.initializers.VarianceScaling(0.5, "fan_in", "normal"),
                name=f"kernel_{p}",
            )
            for p in ("real", "imag")
        ]
        self.bias = [
            self.add_weight(shape[1:], "zeros", name=f"bias_{part}") for part in ("real", "imag")
        ]
        self.mask = self.add_weight(shape, "ones", trainable=False, name="mask")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Map [..., n], `tf.complex` to [..., units], `tf.complex`."""
        kernel = tf.complex(*(part * self.mask for part in self.kernel))
        return by_row(inputs, kernel) + tf.complex(*(tf.convert_to_tensor(b) for b in self.bias))

    def prune(self, threshold: float) -> None:
        """Permanently set weights with a magnitude of at most ``threshold`` to zero; (28)."""
        squares = keras.ops.square(self.kernel[0]) + keras.ops.square(self.kernel[1])
        kept = keras.ops.cast(squares > threshold**2, self.mask.dtype)
        self.mask.assign(self.mask * kept)
        for part in self.kernel:
            part.assign(part * self.mask)

    @property
    def sparsity(self) -> float:
        """Fraction of pruned weights."""
        return float(1.0 - keras.ops.mean(self.mask))


def on_magnitude(z: tf.Tensor) -> tf.Tensor:
    r"""GELU of the magnitude with unchanged phase: :math:`\mathrm{gelu}(|z|)\, e^{j\arg z}`.

    Since :math:`\mathrm{gelu}(|z|)/|z|` is the normal distribution function at :math:`|z|`, no
    division is required and the gradient at zero is finite.

    Input
    -----
    z : [...], `tf.complex`
        Complex numbers

    Output
    ------
    : [...], `tf.complex`
        Complex numbers with the same phases
    """
    magnitude = tf.sqrt(tf.maximum(energy(z), 1e-20))
    share = 0.5 * (1.0 + tf.math.erf(magnitude * 0.5**0.5))
    return z * tf.cast(share, z.dtype)


class HardThresholding(keras.callbacks.Callback):
    r"""Prunes complex layers after each epoch, Algorithm 2.

    The threshold is :math:`\tau = \beta\eta` with the learning rate :math:`\eta`, equation (29). It
    is the same at both ends (:math:`\beta=\gamma`).

    Parameters
    ----------
    layers : list of :class:`ComplexDense`
        Layers to prune
    threshold : `float`
        Threshold :math:`\tau`
    """

    def __init__(self, layers: list[ComplexDense], threshold: float) -> None:
        super().__init__()
        self.layers = layers
        self.threshold = threshold

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Prune."""
        for layer in self.layers:
            layer.prune(self.threshold)
