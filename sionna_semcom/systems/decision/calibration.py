# SPDX-License-Identifier: Apache-2.0
"""Calibration of the scores of a trained system."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from scipy import optimize


def best_map(loss: Callable[[tf.Tensor], tf.Tensor], outputs: np.ndarray) -> tuple[float, float]:
    r"""Scale and shift of outputs that minimize the mean loss.

    .. math:: (a, b) = \arg\min_{a, b} \sum_n \ell(a o_n + b)

    The search (Nelder and Mead) starts at the identity, and ends at a local minimum that is not
    worse.

    Input
    -----
    loss : callable
        Losses [num_samples] of outputs [num_samples, 1]
    outputs : [num_samples, 1], `float`
        Outputs :math:`o_n`

    Output
    ------
    scale, shift : `float`
        :math:`a` and :math:`b`

    Raises
    ------
    ValueError
        If an output is not finite
    """
    if not np.isfinite(outputs).all():
        raise ValueError("Outputs must be finite for a calibration. Received: NaN or inf")

    def mean_loss(pair: np.ndarray) -> float:
        moved = tf.constant(pair[0] * outputs + pair[1], tf.float32)
        return float(np.mean(loss(moved).numpy(), dtype=np.float64))

    found = optimize.minimize(mean_loss, [1.0, 0.0], method="Nelder-Mead").x
    return float(found[0]), float(found[1])


def move_outputs(head: keras.Sequential, scale: float, shift: float) -> None:
    """Scale and shift the outputs of ``head`` by changing the weights of its last layer."""
    last = head.layers[-1]
    last.kernel.assign(scale * last.kernel)
    last.bias.assign(scale * last.bias + shift)
