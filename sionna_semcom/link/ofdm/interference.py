# SPDX-License-Identifier: Apache-2.0
"""Interference from terminals of other cells, and interference rejection combining."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf
from sionna.phy.utils import complex_normal

from ...channel.noise import at_least
from ...channel.slots.budgeted import Drops
from ...channel.slots.channel import received
from ...channel.slots.link_budget import Budget
from ..figures import DROP

STEP = 0.05  # relative step of the noise power for a numerical derivative
NOISE_SHARE = 1e-6  # smallest noise power relative to the interference, due to rounding
SINR_LIMIT_DB = 300.0  # range of reported SINRs, the same as of SNRs


class Interference(NamedTuple):
    r"""Signals of interfering terminals, and the covariance of interference and noise.

    .. math::

        \mathbf{R} = N_0\mathbf{I} + \frac{1}{TF}\sum_{s,n}\sum_i
                     \frac{P_i}{P N_T}\mathbf{H}_{i,s,n}\mathbf{H}_{i,s,n}^\mathsf{H}

    The covariance is averaged over the slot. The receiver whitens the signal and the channel
    estimate with it (interference rejection combining). The estimation error adds to the
    covariance. It has two parts: the part that is caused by noise and interference at the pilots
    has the covariance :math:`\mathbf{R}`, and the interpolation error is independent between
    antennas.
    """

    signal: tf.Tensor
    """[num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`."""
    power: tf.Tensor
    """[num_slots], `tf.float`: mean power of noise and interference per receive antenna."""
    covariance: tf.Tensor
    """[num_slots, num_rx_ant, num_rx_ant], `tf.complex`: their covariance divided by ``power``."""
    share: tf.Tensor
    """[num_slots], `tf.float`: share of interference in ``power``."""

    def whiten(
        self, grids: Sequence[tf.Tensor], directed: tf.Tensor, independent: tf.Tensor
    ) -> list[tf.Tensor]:
        """Whiten noise and interference of ``grids`` [num_slots, 1, num_rx_ant, ...] over antennas.

        ``directed`` and ``independent``, [] or [num_slots], are the variances of the estimation
        error with the covariance of noise and interference, and of the independent error. The mean
        noise power over antennas does not change.
        """
        both = self.power + directed, independent * tf.ones_like(self.power)
        shares = [tf.cast(one / (both[0] + both[1]), self.covariance.dtype) for one in both]
        identity = tf.eye(self.covariance.shape[-1], dtype=self.covariance.dtype)
        directions, equal = (share[:, tf.newaxis, tf.newaxis] for share in shares)
        factor = tf.linalg.cholesky(directions * self.covariance + equal * identity)
        return [_solve(factor, grid) for grid in grids]


def _solve(factor: tf.Tensor, grid: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(grid)
    rows = tf.reshape(grid, [shape[0], grid.shape[2], -1])
    return tf.ensure_shape(tf.reshape(tf.linalg.triangular_solve(factor, rows), shape), grid.shape)


def interference(drops: Drops, no: tf.Tensor, budget: Budget) -> Interference | None:
    """Interference in slots of ``drops`` at the noise power ``no``; `None` without interferers.

    Each antenna of an interfering terminal sends independent Gaussian symbols of equal power.
    """
    settings, h = budget.settings.interferers, drops.interferers
    if settings is None or h is None:
        return None
    share = settings.num / h.shape[4] * tf.ones_like(no)  # power per antenna of a terminal
    if settings.tx_power_dbm is not None:
        share *= no * 10.0 ** (budget.snr_db(settings.tx_power_dbm) / 10.0)
    share = tf.reshape(share, [-1, 1, 1, 1, 1, 1, 1])
    h = tf.stop_gradient(h * tf.cast(tf.sqrt(share), h.dtype))
    precision = "double" if h.dtype == tf.complex128 else "single"
    shape = tf.shape(h)
    x = complex_normal([shape[0], 1, *tf.unstack(shape[4:])], precision=precision)
    x = tf.ensure_shape(x, [None, 1, *h.shape[4:]])
    elements = shape[5] * shape[6]
    rows = tf.reshape(h, [shape[0], h.shape[2], -1])
    covariance = tf.matmul(rows, rows, adjoint_b=True) / tf.cast(elements, h.dtype)
    mean = tf.math.real(tf.linalg.trace(covariance)) / h.shape[2]
    noise = at_least(no, mean, NOISE_SHARE)
    identity = tf.eye(h.shape[2], dtype=h.dtype)
    total = covariance + tf.cast(noise, h.dtype)[:, tf.newaxis, tf.newaxis] * identity
    power = mean + noise
    unit = total / tf.cast(power, h.dtype)[:, tf.newaxis, tf.newaxis]
    return Interference(received(x, h), power, unit, mean / power)


def error_parts(
    error_variance: Callable[[tf.Tensor], tf.Tensor], power: tf.Tensor, num_streams: int
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Split the estimation error into a part caused by noise at the pilots and other errors.

    .. math:: N_0 \frac{\mathrm{d}\sigma^2}{\mathrm{d}N_0}, \qquad
              \sigma^2 - N_0 \frac{\mathrm{d}\sigma^2}{\mathrm{d}N_0}

    where :math:`\sigma^2(N_0)` is the error variance, summed over streams and averaged over the
    slot. The error of a linear estimator with fixed coefficients is linear in the noise power. For
    the optimal estimator, the derivative with respect to its coefficients is zero.

    Input
    -----
    error_variance : callable
        Error variance of the coefficients [num_slots or 1, ...] at a noise power [num_slots]

    power : [num_slots], `tf.float`
        Noise power at the pilots

    num_streams : `int`
        Number of streams

    Output
    ------
    directed, independent : [] or [num_slots], `tf.float`
        Variance caused by noise at the pilots, and the remaining variance
    """

    def at(scale: float) -> tf.Tensor:
        variance = error_variance(scale * power)
        return num_streams * tf.reduce_mean(variance, axis=tf.range(1, tf.rank(variance)))

    here = at(1.0)
    directed = tf.clip_by_value((at(1.0 + STEP) - here) / STEP, 0.0, here)
    return directed, here - directed


def drop_figures(
    index: tf.Tensor, gain: tf.Tensor | None, power: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Drop and SINR [dB] per receive antenna of each slot, [num_slots].

    Input
    -----
    index : [num_slots], `tf.int32`
        Drops

    gain : [num_slots] or `None`, `tf.float`
        Mean energy of a channel coefficient; `None` is one

    power : [] or [num_slots], `tf.float`
        Power of noise and interference, divided by the total transmit power
    """
    ratio = (1.0 if gain is None else gain) / power
    sinr_db = 10.0 / math.log(10.0) * tf.math.log(ratio)
    sinr_db = tf.clip_by_value(sinr_db, -SINR_LIMIT_DB, SINR_LIMIT_DB)
    return {DROP: index, "sinr_db": tf.broadcast_to(sinr_db, tf.shape(index))}
