# SPDX-License-Identifier: Apache-2.0
"""Horizontal distances between curves: how much less SNR one of them needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ..._messages import listed
from . import intervals
from .curves import Curve, Metric
from .labels import in_decibels

Array = NDArray[np.float64]
_GRID = 10000  # points on which a curve is read backwards


def snr_gain(curve: Curve, reference: Curve, name: str, confidence: float = 0.95) -> Metric:
    r"""How much less SNR [dB] ``curve`` needs than ``reference`` for the same metric.

    .. math:: g(s) = f_\text{ref}^{-1}\big(f(s)\big) - s

    at each point :math:`s` of ``curve``, with a monotone cubic interpolation of ``reference``.
    Points at which ``reference`` does not improve on all points before are left out. Gains of
    several training seeds are computed seed by seed, with Student's t interval. Otherwise the
    interval is :math:`\sqrt{\delta^2 + \delta_\text{ref}^2}` over the slope of ``reference``, for
    half widths :math:`\delta` of both curves. It is too wide if both use the same samples.

    Parameters
    ----------
    curve, reference : :class:`Curve`
        Curves along the SNR, the transmit power or :math:`E_b/N_0`
    name : `str`
        Metric that rises or falls with the SNR
    confidence : `float`
        Confidence level of the interval of several seeds

    Output
    ------
    : :class:`Metric`
        Gains [dB] at the points of ``curve``; NaN where ``reference`` never has the metric, or is
        saturated

    Raises
    ------
    ValueError
        If a curve does not have the metric, the curves are along different axes or one that is not
        in dB, or ``reference`` has repeated points or fewer than two finite points that differ
    """
    if curve.axis != reference.axis or not in_decibels(curve.axis):
        raise ValueError(
            "Both curves must be along the SNR, the transmit power or Eb/N0. "
            f"Received: {curve.axis} and {reference.axis}"
        )
    for one in (curve, reference):
        if name not in one.metrics:
            raise ValueError(
                f"Both curves must have the metric {name!r}. Received: {listed(one.metrics, 20)}"
            )
    own, other = curve.metrics[name], reference.metrics[name]
    mine, theirs = own.per_seed, other.per_seed
    if mine is not None and theirs is not None and len(mine) == len(theirs):
        lines = (_Reference(reference.x, values) for values in theirs)
        gains = np.stack([
            line.snr_db(values) - _finite(curve.x) for line, values in zip(lines, mine, strict=True)
        ])  # fmt: skip
        mean, low, high = intervals.student(gains.T, 1.0, confidence)
        return Metric(mean, low, high, own.count, per_seed=gains)
    line = _Reference(reference.x, other.mean)
    snr_db = line.snr_db(own.mean)
    order = np.argsort(reference.x)
    order = order[np.isfinite(reference.x[order]) & np.isfinite(other.mean[order])]
    other_width = np.interp(snr_db, reference.x[order], _half_width(other)[order])
    slope = line.slope(snr_db)
    slope = np.where(slope > 0, slope, np.nan)
    width = np.hypot(_half_width(own), other_width) / slope
    gain = snr_db - _finite(curve.x)
    return Metric(gain, gain - width, gain + width, own.count)


def _finite(x: Array) -> Array:
    """``x``, NaN where it is infinite."""
    return np.where(np.isfinite(x), x, np.nan)


def _half_width(metric: Metric) -> Array:
    return np.asarray(metric.ci_high - metric.ci_low) / 2


class _Reference:
    """A curve that rises or falls along the SNR, to be read backwards."""

    def __init__(self, x: Array, values: Array) -> None:
        order = np.argsort(x)
        order = order[np.isfinite(x[order]) & np.isfinite(values[order])]
        x, values = x[order], values[order]
        if np.any(np.diff(x) == 0):
            raise ValueError(f"`reference` must have each point once. Received: {x.tolist()}")
        self._sign = 1.0 if len(x) and values[-1] > values[0] else -1.0
        best = np.maximum.accumulate(self._sign * values)
        kept = np.append(True, best[1:] > best[:-1])[: len(x)]
        if np.count_nonzero(kept) < 2:
            raise ValueError(
                "`reference` must have two finite points or more at which the metric differs. "
                f"Received: {values.tolist()}"
            )
        self._line = PchipInterpolator(x[kept], best[kept])
        self._grid = np.linspace(x[kept][0], x[kept][-1], _GRID)
        self._saturation = np.inf if kept[-1] else best[-1]

    def snr_db(self, values: Array) -> Array:
        """SNR at which the curve has ``values``; NaN outside of its range and at saturation."""
        values, line = self._sign * values, self._line(self._grid)
        snr_db = np.interp(values, line, self._grid, np.nan, np.nan)
        return np.where(values < self._saturation, snr_db, np.nan)

    def slope(self, snr_db: Array) -> Array:
        """How fast the metric improves at ``snr_db``."""
        return np.asarray(self._line.derivative()(snr_db))
