# SPDX-License-Identifier: Apache-2.0
"""Calibration of the scores of a trained system."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy import optimize

from ..base.contract import Batch


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


def best_maps(system: Any, data: Iterable[Batch], passes: int) -> NDArray[np.float64]:
    """Scale and shift [num_knots, 2] at each of the ``quality_knots`` of a decision system.

    ``data`` are read ``passes`` times, each time with new noise for each quality.

    Raises
    ------
    ValueError
        If there are no samples, or an output is not finite
    """
    knots = system.quality_knots

    def at_knots(batch: Batch) -> list[tf.Tensor]:
        latents = system.encodings(batch)
        return [system.decode(system.receive_at(latents, quality)) for quality in knots]

    run = tf.function(at_knots, autograph=False)
    pairs = [(batch["label"], run(batch)) for _ in range(passes) for batch in data]
    if not pairs:
        raise ValueError("`data` must have samples for a calibration. Received: none")
    labels = np.concatenate([label for label, _ in pairs])
    outputs = zip(*(each for _, each in pairs), strict=True)
    loss = functools.partial(system.task.loss, labels)
    return np.array([best_map(loss, np.concatenate(at_one)) for at_one in outputs])


class ScoreMap(keras.layers.Layer):
    r"""Scale and shift of outputs, which depend on the quality of their reception.

    .. math:: o' = a(q)\, o + b(q)

    :math:`a` and :math:`b` are piecewise linear between the knots and constant outside. At first,
    they are one and zero. They are not trained.

    Parameters
    ----------
    knots : sequence of `float`
        Qualities in ascending order, at equal distances

    Input
    -----
    outputs : [batch, 1], `float`
        Outputs :math:`o`
    quality : [batch], `float`
        Quality :math:`q` of the reception

    Output
    ------
    : [batch, 1], `float`
        Outputs :math:`o'`
    """

    def __init__(self, knots: Sequence[float]) -> None:
        super().__init__(name="score_map", trainable=False)
        self.knots = np.asarray(knots, np.float32)
        self.scale = self.add_weight(shape=self.knots.shape, initializer="ones", name="scale")
        self.shift = self.add_weight(shape=self.knots.shape, initializer="zeros", name="shift")
        self.built = True

    def call(self, outputs: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
        """Scale and shift."""
        place = tf.zeros_like(quality)
        if self.knots.size > 1:
            place = (quality - self.knots[0]) / (self.knots[1] - self.knots[0])
        last = self.knots.size - 1.0
        distance = tf.clip_by_value(place, 0.0, last)[:, tf.newaxis] - tf.range(last + 1.0)
        shares = tf.nn.relu(1.0 - tf.abs(distance))
        scale, shift = (
            tf.linalg.matvec(shares, tf.convert_to_tensor(w)) for w in (self.scale, self.shift)
        )
        return outputs * scale[:, tf.newaxis] + shift[:, tf.newaxis]


def snr_knots(low: float, high: float, distance: float = 6.0) -> list[float]:
    """SNRs from ``low`` to ``high`` at equal distances, of at most ``distance``."""
    return [float(x) for x in np.linspace(low, high, 1 + math.ceil((high - low) / distance))]
