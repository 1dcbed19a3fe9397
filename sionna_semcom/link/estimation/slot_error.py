# SPDX-License-Identifier: Apache-2.0
"""Channel estimates whose error variance is calibrated to features of each slot."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from scipy.optimize import minimize
from sionna.phy.ofdm import ResourceGrid

from .learned_error import Estimator, ScaledError, node_weights
from .slot_signs import NUM_SIGNS, SlotSigns

ROUNDS = 3  # at most; ``no_eff`` is not linear in the error variance
ENOUGH = 0.01  # deviation of the mean of error / ``no_eff`` that needs no further round
CERTAIN = 2.0  # standard errors that a deviation at one SNR exceeds
MOST_SLOPE = 2.0  # an error can increase with the square of a power
RIDGE = 0.1  # regularization of slopes, relative to the standard deviation of features
LEAST_SCALE = 0.1  # of features; smaller variations are due to noise
SMOOTH = 1e-2  # regularization of differences between neighboring SNRs
MOST_LOG = 7.0  # largest natural logarithm of the correction of a slot


class SlotError(ScaledError):
    r"""Scales the error variance of each slot with features of the slot.

    The ratio :math:`c` of `ScaledError` becomes

    .. math:: c = \exp\big(\beta_0(N_0) + \sum_k \beta_k(N_0)\,(s_k - \mu_k(N_0))\big), \qquad
              0 \le \beta_k \le 2

    with the features :math:`s_k` of `SlotSigns`. With interferers, a fourth feature is the share of
    interference in the power of noise and interference. Coefficients are interpolated between SNRs.
    Estimation errors differ between slots: they are larger than the average if a terminal is faster
    or its channel has longer delays than the statistics that the receiver knows.

    Parameters
    ----------
    estimate : callable
        Channel estimator

    signs : `SlotSigns`
        Features of a slot

    coefficients : [num_snrs, 1 + 2 * num_signs], `tf.Variable`
        :math:`\beta_0`, :math:`\beta_1, \beta_2, \dots` and :math:`\mu_1, \mu_2, \dots` at each
        SNR, for 3 features, or 4 with interferers

    snrs_db : [num_snrs]
        Equally spaced SNRs [dB]

    See `ScaledError` for input and output.
    """

    def __init__(
        self,
        estimate: Estimator,
        signs: SlotSigns,
        coefficients: Any,
        snrs_db: np.ndarray,
        precision: str | None = None,
    ) -> None:
        super().__init__(estimate, coefficients, precision, snrs_db)
        self._signs = signs
        self.uncorrected = estimate
        """Estimator without the correction."""

    def keep(self, coefficients: np.ndarray) -> None:
        """Set ``coefficients``, also in graphs that were already traced."""
        self._ratios.assign(coefficients)

    @property
    def num_signs(self) -> int:
        """Number of features of a slot."""
        return (int(self._ratios.shape[1]) - 1) // 2

    def signs(self, y: tf.Tensor, no: tf.Tensor, share: tf.Tensor | None = None) -> tf.Tensor:
        """Features of the slots ``y`` at the noise power ``no``: [num_slots, num_signs].

        ``share`` [num_slots] is the share of interference in ``no``; `None` is zero.
        """
        return self._features(y, self._estimate(y, no)[0], no, share)

    def correction(
        self, y: tf.Tensor, h_hat: tf.Tensor, no: tf.Tensor, share: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Error / ``no_eff`` of each slot, [num_slots, 1, 1, 1, 1, 1, 1]."""
        signs = tf.stop_gradient(self._features(y, h_hat, no, share))
        at = self.between(no)
        slopes, centers = tf.split(at[:, 1:], 2, axis=1)
        log = at[:, 0] + tf.reduce_sum(slopes * (signs - centers), axis=1)
        log = tf.clip_by_value(log, -MOST_LOG, MOST_LOG)
        return tf.reshape(tf.exp(log), [-1, *[1] * 6])

    def _features(
        self, y: tf.Tensor, h_hat: tf.Tensor, no: tf.Tensor, share: tf.Tensor | None
    ) -> tf.Tensor:
        signs = self._signs(y, h_hat, no)
        if self.num_signs == NUM_SIGNS:
            return signs
        none = tf.zeros_like(signs[:, :1])
        return tf.concat([signs, none if share is None else share[:, tf.newaxis]], axis=1)


def among(estimate: Estimator, share: tf.Tensor) -> Estimator:
    """``estimate`` that knows the ``share`` [num_slots] of interference, if this is a feature."""
    return functools.partial(estimate, share=share) if isinstance(estimate, SlotError) else estimate


class Seen(NamedTuple):
    """Measurements of slots."""

    snr_db: np.ndarray
    """[num_slots], SNR [dB]"""
    signs: np.ndarray
    """[num_slots, num_signs], see `SlotError`"""
    ratio: np.ndarray
    """[num_slots], squared error of symbols / ``no_eff``"""
    median_snr_db: np.ndarray
    """[num_slots], SNR [dB] of the median slot, at which a slot was sent"""


def no_coefficients(snrs_db: np.ndarray, num_signs: int = NUM_SIGNS) -> np.ndarray:
    """Coefficients of `SlotError` that do not change the error variance."""
    return np.zeros([len(snrs_db), 1 + 2 * num_signs])


def learn_coefficients(
    see: Callable[[], Seen],
    keep: Callable[[np.ndarray], Any],
    snrs_db: np.ndarray,
    num_signs: int = NUM_SIGNS,
) -> float:
    """Learn the coefficients of `SlotError`.

    Parameters
    ----------
    see : callable
        Measures slots with the current coefficients

    keep : callable
        Stores improved coefficients

    snrs_db : [num_snrs]
        SNRs [dB] of the coefficients

    num_signs : `int`
        Number of features of a slot

    Output
    ------
    : `float`
        Largest deviation in the last measurement, see `deviation`
    """
    coefficients = no_coefficients(snrs_db, num_signs)
    off = 0.0
    for number in range(ROUNDS):
        keep(coefficients)
        seen = see()
        off = deviation(seen)
        if number and abs(float(np.mean(seen.ratio)) - 1.0) < ENOUGH:
            return off
        coefficients = fit(seen, snrs_db, coefficients)
    keep(coefficients)
    return off


def deviation(seen: Seen) -> float:
    """Largest deviation of error / ``no_eff`` from one over median SNRs, for the mean of all slots.

    `CERTAIN` standard errors of the mean are subtracted, so that few slots do not count as wrong.
    """
    off = [0.0]
    for snr_db in np.unique(seen.median_snr_db):
        ratio = seen.ratio[seen.median_snr_db == snr_db]
        error = float(np.std(ratio)) / math.sqrt(len(ratio))
        off.append(abs(float(np.mean(ratio)) - 1.0) - CERTAIN * error)
    return float(np.max(off))  # NaN if one is


def fit(seen: Seen, snrs_db: np.ndarray, before: np.ndarray) -> np.ndarray:
    r"""Maximum-likelihood coefficients of the measured error / ``no_eff``.

    .. math:: \min_\beta \frac{1}{n}\sum_i \Big(\log c_i + \frac{r_i b_i}{c_i}\Big)

    over slots :math:`i` with the ratio :math:`r_i`, which was measured with the correction
    :math:`b_i`. This is the negative log-likelihood of squared Gaussian errors, which is a proper
    scoring rule for their mean. At its minimum, the mean of :math:`r_i b_i/c_i` is one at each SNR,
    up to regularization.

    Input
    -----
    seen : `Seen`
        Measurements

    snrs_db : [num_snrs]
        SNRs [dB] of the coefficients

    before : [num_snrs, 1 + 2 * num_signs]
        Coefficients of the correction during the measurements

    Output
    ------
    : [num_snrs, 1 + 2 * num_signs], `float`
        Coefficients
    """
    num_signs = seen.signs.shape[1]
    weights = node_weights(seen.snr_db, snrs_db)
    centers, scales = _moments(seen.signs, weights)
    scales = np.maximum(scales, LEAST_SCALE)
    z = (seen.signs - weights @ centers)[:, :, np.newaxis] / scales.T
    design = np.concatenate([weights[:, np.newaxis], weights[:, np.newaxis] * z], axis=1)
    design = design.reshape(len(z), -1)  # [slots, (1 + signs) * SNRs]
    at = weights @ before
    old = at[:, 0] + np.sum(
        at[:, 1 : 1 + num_signs] * (seen.signs - at[:, 1 + num_signs :]), axis=1
    )
    target = seen.ratio * np.exp(np.clip(old, -MOST_LOG, MOST_LOG))
    number = len(snrs_db)

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        log = np.clip(design @ beta, -2 * MOST_LOG, 2 * MOST_LOG)
        relative = target * np.exp(-log)
        table = beta.reshape(1 + num_signs, number)
        steps = np.diff(table, axis=1)
        gradient = np.zeros_like(table)
        gradient[:, 1:] += SMOOTH / number * steps
        gradient[:, :-1] -= SMOOTH / number * steps
        gradient[1:] += RIDGE / number * table[1:]
        value = np.mean(log + relative) + 0.5 * SMOOTH / number * np.sum(steps**2)
        value += 0.5 * RIDGE / number * np.sum(table[1:] ** 2)
        return float(value), design.T @ (1.0 - relative) / len(log) + gradient.reshape(-1)

    limits = [(-2 * MOST_LOG, 2 * MOST_LOG)] * number
    limits += [(0.0, MOST_SLOPE * scale) for scale in scales.T.reshape(-1)]
    start = np.zeros(design.shape[1])
    beta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits).x
    base, slopes = np.split(beta.reshape(1 + num_signs, number).T, [1], axis=1)
    return np.concatenate([base, slopes / scales, centers], axis=1)


def _moments(signs: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of features at each SNR, or the nearest SNR, [num_snrs, num_signs]."""
    total = weights.sum(axis=0)
    filled = np.nonzero(total > 0)[0]
    nearest = filled[np.argmin(np.abs(np.arange(len(total))[:, np.newaxis] - filled), axis=1)]
    share = (weights / np.where(total > 0, total, 1.0))[:, nearest]
    mean = share.T @ signs
    square = share.T @ signs**2
    return mean, np.sqrt(np.maximum(square - mean**2, 0.0))


def slot_error(
    estimate: Estimator,
    resource_grid: ResourceGrid,
    snrs_db: np.ndarray,
    precision: str | None = None,
    coefficients: Any = None,
    interferers: bool = False,
) -> SlotError:
    """``estimate`` with an error variance that depends on the slot after learning coefficients."""
    signs = SlotSigns(resource_grid, precision)
    if coefficients is None:
        nothing = no_coefficients(snrs_db, NUM_SIGNS + interferers)
        coefficients = tf.Variable(nothing, trainable=False, dtype=signs.rdtype)
    return SlotError(estimate, signs, coefficients, snrs_db, precision)
