# SPDX-License-Identifier: Apache-2.0
"""Regression of a channel on its estimate, learned from many slots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf
from scipy.interpolate import CubicSpline
from sionna.phy.block import Object

FINER = 4  # table entries per measured noise power
VARIANCE_FLOOR = 1e-7  # fraction of the energy that is lost in rounding; avoids logarithms of zero


class Moments(NamedTuple):
    """Sums over slots and antennas for each resource element, with ``e = h_hat - h``.

    Tensors for one chunk, or NumPy arrays for all chunks.
    """

    estimate: Any
    r""":math:`\sum |\hat{h}|^2`, [num_elements], `tf.float`."""
    error: Any
    r""":math:`\sum |e|^2`, [num_elements], `tf.float`."""
    cross: Any
    r""":math:`\sum e\hat{h}^\star`, [num_elements], `tf.complex`."""


def moments(h: tf.Tensor, h_hat: tf.Tensor) -> Moments:
    """Sums over all but the last axis of ``h`` and its estimate [..., num_elements]."""
    axes = list(range(h.shape.rank - 1))
    error = h_hat - h
    return Moments(
        tf.reduce_sum(tf.abs(h_hat) ** 2, axes),
        tf.reduce_sum(tf.abs(error) ** 2, axes),
        tf.reduce_sum(error * tf.math.conj(h_hat), axes),
    )


def regress(sums: Moments, count: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Regression of the channel on its estimate, from sums over ``count`` coefficients.

    .. math::

        c = \frac{\mathbb{E}[h\hat{h}^\star]}{\mathbb{E}|\hat{h}|^2}
          = 1 - \frac{\mathbb{E}[e\hat{h}^\star]}{\mathbb{E}|\hat{h}|^2}, \qquad
        v = \mathbb{E}|h - c\hat{h}|^2
          = \mathbb{E}|e|^2 - \frac{|\mathbb{E}[e\hat{h}^\star]|^2}{\mathbb{E}|\hat{h}|^2}

    The forms with the error :math:`e = \hat{h} - h` keep the precision of good estimates.
    """
    energy = np.maximum(sums.estimate, np.finfo(np.float32).tiny)
    variance = (sums.error - np.abs(sums.cross) ** 2 / energy) / count
    return 1.0 - sums.cross / energy, np.maximum(variance, VARIANCE_FLOOR * energy / count)


def learn(
    observe: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    chunks: Iterable[tf.Tensor],
    noise_powers: np.ndarray,
    per_element: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Regression of the channel on its estimate, measured on the same slots at each noise power.

    ``observe`` maps a chunk of slots and a noise power to channel and estimate, each
    [num_slots, num_rx_ant, num_tx_ant, num_elements].

    Returns coefficients and error variances, [num_points, num_elements] or, not ``per_element``,
    [num_points, 1].
    """

    @tf.function(autograph=False)
    def measure(slots: tf.Tensor, no: tf.Tensor) -> tuple[Moments, tf.Tensor]:
        h, h_hat = (x if per_element else x[..., tf.newaxis] for x in observe(slots, no))
        return moments(h, h_hat), tf.reduce_prod(tf.shape(h)[:-1])

    count, sums = 0, [Moments(0.0, 0.0, 0.0)] * len(noise_powers)
    for slots in chunks:
        for point, no in enumerate(noise_powers):
            part, size = measure(slots, tf.constant(no, tf.math.real(slots).dtype))
            wide = (x.numpy().astype(np.result_type(x.numpy(), np.float64)) for x in part)
            sums[point] = Moments(*(a + b for a, b in zip(sums[point], wide, strict=True)))
        count += int(size)
    coefficients, variances = zip(*(regress(each, count) for each in sums), strict=True)
    return np.stack(coefficients), np.stack(variances)


class RegressionTable(Object):
    r"""Regression of a channel on its estimate at any noise power.

    Coefficients and logarithms of error variances are interpolated over :math:`\log N_0`, by cubic
    splines to a table that is four times as fine, and linearly within this table. Outside of the
    table, the values of the nearest noise power are used.

    Parameters
    ----------
    noise_powers : [num_points], `float`
        Noise powers, increasing

    coefficients : [num_points, num_elements], `complex`
        Regression coefficients of each resource element

    variances : as ``coefficients``, `float`
        Variances of the regression error

    precision : `None` (default) | "single" | "double"
        Precision of the output; `None` is that of Sionna's configuration

    Input
    -----
    no : [...], `tf.float`
        Noise power

    Output
    ------
    coefficients : [..., num_elements], `tf.complex`
        Regression coefficients

    variances : [..., num_elements], `tf.float`
        Error variances
    """

    def __init__(
        self,
        noise_powers: np.ndarray,
        coefficients: np.ndarray,
        variances: np.ndarray,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(precision=precision)
        log_no, points = np.log(noise_powers), len(noise_powers)
        fine = np.interp(np.arange(0, points - 1 + 1e-9, 1 / FINER), np.arange(points), log_no)
        self._log_no = tf.constant(fine, self.rdtype)
        self._coefficients = tf.constant(CubicSpline(log_no, coefficients)(fine), self.cdtype)
        self._log_variances = tf.constant(CubicSpline(log_no, np.log(variances))(fine), self.rdtype)

    def __call__(self, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Coefficients and error variances at noise powers ``no``."""
        log_no = tf.clip_by_value(tf.math.log(no), self._log_no[0], self._log_no[-1])
        right = (
            tf.reshape(tf.searchsorted(self._log_no[1:-1], tf.reshape(log_no, [-1])), tf.shape(no))
            + 1
        )
        left = right - 1
        below, above = tf.gather(self._log_no, left), tf.gather(self._log_no, right)
        share = (log_no - below) / (above - below)

        def between(table: tf.Tensor) -> tf.Tensor:
            weight = tf.cast(share, table.dtype)[..., tf.newaxis]
            return (1.0 - weight) * tf.gather(table, left) + weight * tf.gather(table, right)

        return between(self._coefficients), tf.exp(between(self._log_variances))
