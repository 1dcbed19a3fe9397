# SPDX-License-Identifier: Apache-2.0
"""Calibration of the scores of a trained system."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy import optimize

from ...semantics import Task
from ..base.contract import Batch

_FEWEST_SAMPLES = 10  # whose weights are one, for a map of their own


def best_map(loss: Callable[[tf.Tensor], tf.Tensor], outputs: np.ndarray) -> tuple[float, float]:
    r"""Scale and shift of outputs that minimize the mean loss.

    .. math:: (a, b) = \arg\min_{a, b} \sum_n \ell(a o_n + b)

    The search (Nelder and Mead) starts at the identity, and its result is not worse.

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

    Samples are received over the link of the system, at each of its ``calibration_snrs_db``. At a
    knot, the loss of a sample has the weight that the map of this knot has for the sample. Knots
    that hardly any sample is near are interpolated. At the ends, they have the map of the nearest
    knot with samples.

    Raises
    ------
    ValueError
        If there are no samples, or an output or a quality is not finite
    """
    encode = tf.function(system.encodings, autograph=False)

    @tf.function(autograph=False)
    def receive(latents: tf.Tensor, snr_db: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features = system.receive(latents, system.noise_power(snr_db))
        return system.decode(features), system.quality(features)

    snrs_db = [tf.constant(snr_db, tf.float32) for snr_db in system.calibration_snrs_db]
    sent = [(batch["label"], encode(batch)) for batch in data]
    if not sent:
        raise ValueError("`data` must have samples for a calibration. Received: none")
    order = product(range(passes), sent, snrs_db)
    received = [(labels, *receive(latents, snr_db)) for _, (labels, latents), snr_db in order]
    labels, outputs, quality = (np.concatenate(one) for one in zip(*received, strict=True))
    if not (np.isfinite(outputs).all() and np.isfinite(quality).all()):
        raise ValueError("Outputs and qualities must be finite. Received: NaN or inf")
    score_map = ScoreMap(system.quality_knots)
    weights = score_map.weights_of_knots(tf.constant(quality)).numpy().T
    totals = weights.sum(-1)
    known = totals >= min(passes * _FEWEST_SAMPLES, totals.max())
    maps = [_weighted_map(system.task, labels, outputs, one) for one in weights[known]]
    at = score_map.knots[known]
    return np.stack([np.interp(score_map.knots, at, column) for column in np.transpose(maps)], -1)


def _weighted_map(
    task: Task, labels: np.ndarray, outputs: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    near = weights > 1e-3
    weights = weights[near] / weights[near].mean()
    return best_map(lambda moved: weights * task.loss(labels[near], moved), outputs[near])


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

    Raises
    ------
    ValueError
        If the knots do not ascend at equal distances
    """

    def __init__(self, knots: Sequence[float]) -> None:
        super().__init__(name="score_map")
        self.knots = np.asarray(knots, np.float64)
        steps = np.diff(self.knots)
        if not self.knots.size or (steps <= 0).any() or not np.allclose(steps, steps[:1]):
            raise ValueError(f"`knots` must ascend at equal distances. Received: {knots}")
        size, fixed = self.knots.shape, {"trainable": False}
        self.scale = self.add_weight(shape=size, initializer="ones", name="scale", **fixed)
        self.shift = self.add_weight(shape=size, initializer="zeros", name="shift", **fixed)
        self.built = True

    def weights_of_knots(self, quality: tf.Tensor) -> tf.Tensor:
        """Weights [batch, num_knots] of the knots for a linear interpolation at ``quality``."""
        if self.knots.size == 1:
            return tf.ones_like(quality)[:, tf.newaxis]
        position = (quality - self.knots[0]) / (self.knots[1] - self.knots[0])
        last = self.knots.size - 1.0
        distance = tf.clip_by_value(position, 0.0, last)[:, tf.newaxis] - tf.range(last + 1.0)
        return tf.nn.relu(1.0 - tf.abs(distance))

    def call(self, outputs: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
        """Scale and shift."""
        weights = self.weights_of_knots(quality)
        scale, shift = (
            tf.linalg.matvec(weights, tf.convert_to_tensor(w)) for w in (self.scale, self.shift)
        )
        return outputs * scale[:, tf.newaxis] + shift[:, tf.newaxis]


def snr_knots(low: float, high: float, distance: float = 6.0) -> list[float]:
    """SNRs [dB] from ``low`` to ``high`` at equal distances, of at most ``distance``."""
    if low == high:
        return [low]
    return [float(x) for x in np.linspace(low, high, 1 + math.ceil((high - low) / distance))]
