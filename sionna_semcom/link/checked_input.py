# SPDX-License-Identifier: Apache-2.0
"""Checks of the input of links, outside and inside graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import tensorflow as tf

from ..channel.noise import check_finite, is_noise_power, noise_power

INPUT_SHAPES: Mapping[int, str] = MappingProxyType({2: "[batch, num_symbols]"})
"""Shapes of the symbols of a single user, by rank."""

LARGEST = 1e4
"""Magnitude of a symbol up to which its rounding errors affect other symbols by at most -60 dB"""

Transmit = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def check_input(
    symbols: tf.Tensor,
    no: tf.Tensor,
    dtype: tf.DType,
    shapes: Mapping[int, str] = INPUT_SHAPES,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Convert the input of a link to tensors, and check it as described in `Link`.

    ``no`` is cast to ``dtype``. ``symbols`` have one of the ``shapes``, given by rank.
    """
    symbols = tf.convert_to_tensor(symbols)
    if symbols.shape.rank not in shapes or not symbols.dtype.is_complex:
        raise ValueError(
            f"`symbols` must be complex of shape {' or '.join(shapes.values())}. "
            f"Received: shape={symbols.shape}, dtype={symbols.dtype.name}"
        )
    no = noise_power(no, dtype)
    if no.shape.rank != 0 and not no.shape.is_compatible_with(symbols.shape[:1]):
        raise ValueError(
            f"`no` must have shape [] or [batch], here {symbols.shape[:1]}. "
            f"Received: shape={no.shape}"
        )
    check_finite(symbols=symbols)
    if tf.executing_eagerly() and not (fits := can_be_sent(symbols).numpy()).all():
        raise ValueError(
            f"`symbols` have unit average power and must be at most {LARGEST:g} in magnitude. "
            f"Received: {symbols.numpy()[~fits].flat[0]:g} in row {np.argwhere(~fits)[0, 0]}"
        )
    return symbols, no


def can_be_sent(symbols: tf.Tensor) -> tf.Tensor:
    """Which symbols are finite and small enough that their rounding errors are negligible."""
    return tf.abs(symbols) <= LARGEST


def transmit_apart(
    transmit: Transmit, kept: list[int], symbols: tf.Tensor, no: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Call ``transmit`` in a graph, where values and sizes are unknown during tracing.

    Invalid rows and empty batches are replaced before ``transmit``, and masked or removed after
    it. The output has the axes ``kept`` of the symbols, after its leading axes.
    """
    rank = symbols.shape.rank
    lost = [axis for axis in range(rank) if axis not in kept]
    finite = tf.reduce_all(can_be_sent(symbols), axis=[*lost, rank - 1], keepdims=True)
    possible = is_noise_power(no)
    sound = finite & tf.reshape(possible, [-1, *[1] * (rank - 1)])
    sound = tf.reduce_all(sound, axis=lost)
    sent = at_least_one(tf.where(finite, symbols, tf.zeros_like(symbols)))
    powers = tf.where(possible, no, 1.0)
    if no.shape.rank == 1:
        powers = at_least_one(powers, 1.0)
    sizes = tf.unstack(tf.shape(symbols))
    wanted = (..., *(slice(sizes[axis]) for axis in kept))

    def only_sound(received: tf.Tensor) -> tf.Tensor:
        received = received[wanted]
        return tf.where(sound, received, tf.cast(np.nan, received.dtype))

    symbols_hat, no_eff = transmit(sent, powers)
    return only_sound(symbols_hat), only_sound(no_eff)


def at_least_one(tensor: tf.Tensor, value: float = 0.0) -> tf.Tensor:
    """``tensor``, padded with ``value`` to at least one entry along each axis."""
    if tensor.shape.is_fully_defined() and 0 not in tensor.shape:
        return tensor
    missing = tf.maximum(1 - tf.shape(tensor), 0)
    padding = tf.stack([tf.zeros_like(missing), missing], axis=1)
    padded = tf.pad(tensor, padding, constant_values=tf.cast(value, tensor.dtype))
    return tf.ensure_shape(padded, [size or None for size in tensor.shape])
