# SPDX-License-Identifier: Apache-2.0
"""Checks of noise powers and inputs of links and aligners, and numerical noise floors."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np
import tensorflow as tf

_RULE = "`no` must be real, finite and not negative."


def noise_power(no: Any, dtype: tf.DType) -> tf.Tensor:
    """Convert ``no`` to a tensor of type ``dtype``, and check that it is finite and non-negative.

    Known values are checked immediately, also during tracing. Other values are checked when the
    graph runs, but not with XLA.

    Raises
    ------
    ValueError
        If a known ``no`` is not real, NaN, infinite or negative
    """
    try:
        given = tf.convert_to_tensor(no)
    except (
        TypeError,
        ValueError,
    ) as error:  # not a number, or out of range
        raise ValueError(f"{_RULE} Received: {reprlib.repr(no)}") from error
    if not (given.dtype.is_floating or given.dtype.is_integer):
        raise ValueError(f"{_RULE} Received: dtype={given.dtype.name}")
    no = tf.cast(given, dtype)
    known = tf.get_static_value(no)
    if known is None:
        tf.debugging.Assert(tf.reduce_all(is_noise_power(no)), [f"{_RULE} Received:", no])
        return no
    valid = np.isfinite(known) & (known >= 0)
    if not valid.all():
        value = np.asarray(tf.get_static_value(given))[~valid].flat[0]
        row = f" in row {np.argwhere(~valid)[0, 0]}" if np.ndim(known) else ""
        raise ValueError(f"{_RULE} Received: {value:g}{row}")
    return no


def is_noise_power(no: tf.Tensor) -> tf.Tensor:
    """Elementwise check that ``no`` is finite and non-negative."""
    return tf.math.is_finite(no) & (no >= 0)


def is_finite(tensor: tf.Tensor) -> tf.Tensor:
    """Elementwise check that a real or complex ``tensor`` is finite."""
    if not tensor.dtype.is_complex:
        return tf.math.is_finite(tensor)
    return tf.math.is_finite(tf.math.real(tensor)) & tf.math.is_finite(tf.math.imag(tensor))


class NonFiniteInputError(ValueError, FloatingPointError):
    """Input with NaN or infinity, which is an invalid value and a numerical error."""


def check_finite(**tensors: tf.Tensor) -> None:
    """Check that tensors are finite. Symbolic tensors in graphs are not checked.

    Raises
    ------
    NonFiniteInputError
        (a `ValueError` and a `FloatingPointError`) with the name of the argument and the first
        invalid row
    """
    if not tf.executing_eagerly():
        return
    for name, tensor in tensors.items():
        wrong = ~is_finite(tensor).numpy()
        if wrong.any():
            row = f" in row {np.argwhere(wrong)[0, 0]}" if wrong.ndim else ""
            value = tensor.numpy()[wrong].flat[0]
            raise NonFiniteInputError(f"`{name}` must be finite. Received: {value}{row}")


def at_least(noise: tf.Tensor, energy: tf.Tensor, share: float) -> tf.Tensor:
    """Limit ``noise`` from below to the fraction ``share`` of ``energy``, the rounding error.

    The floor is relative, because channels and noise may have any unit. If noise and energy are
    both zero, the result is one: its value does not matter, and division by it is safe.
    """
    noise = tf.maximum(noise, share * energy)
    return tf.where(noise > 0, noise, 1.0)


def rounding(share: float, dtype: tf.DType) -> float:
    """``share``, which is due to rounding in single precision, for ``dtype``."""
    return share * float(np.finfo(dtype.as_numpy_dtype).eps / np.finfo(np.float32).eps)


def energy(x: tf.Tensor) -> tf.Tensor:
    """Squared magnitude of each element of a real or complex ``x``."""
    return tf.math.real(x) ** 2 + tf.math.imag(x) ** 2


def antenna_energy(h: tf.Tensor) -> tf.Tensor:
    """Mean over receive antennas of the energy of all streams: [..., M, K] to [...]."""
    return tf.reduce_mean(tf.reduce_sum(energy(h), axis=-1), axis=-1)
