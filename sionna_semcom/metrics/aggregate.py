# SPDX-License-Identifier: Apache-2.0
"""Metrics of sets of samples, computed from means over the samples.

F1 and correlation are not means over samples. Each sample contributes components, and the metric is
a function of their means.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from .._messages import shortened
from .._parts.metric_ranges import ranged
from .undecidable import note_outputs

_ROUNDING = 1e-12  # smallest variance over mean square; rounding changes it by less than 0.1 %

Means = NDArray[np.float64]


def confusion(classes: tf.Tensor, decided: tf.Tensor, num_classes: int) -> tf.Tensor:
    """Cell of the confusion matrix for each sample.

    Input
    -----
    classes, decided : [batch], `int`
        True and decided classes
    num_classes : `int`
        Number of classes

    Output
    ------
    : [batch, num_classes ** 2], `float`
        One at ``classes * num_classes + decided``; NaN where there is no such class

    Raises
    ------
    ValueError
        If a class is no integer
    """
    ends = {"classes": classes, "decided": decided}
    tensors = {name: tf.convert_to_tensor(value) for name, value in ends.items()}
    for name, value in tensors.items():
        if not value.dtype.is_integer:
            raise ValueError(f"`{name}` must be integers. Received: dtype={value.dtype.name}")
    one, other = (tf.cast(value, tf.int64) for value in tensors.values())
    known = (one >= 0) & (one < num_classes) & (other >= 0) & (other < num_classes)
    cells = tf.one_hot(one * num_classes + other, num_classes**2)
    return tf.where(known[..., tf.newaxis], cells, float("nan"))


@ranged("f1", 0.0, 1.0)
def f1_score(cells: Means) -> float:
    r"""F1 score, averaged over classes with their relative frequencies as weights.

    .. math:: F_1 = \sum_c \pi_c \frac{2 m_{cc}}{\pi_c + \hat\pi_c}

    with the relative frequency :math:`\pi_c` of class :math:`c`, the relative frequency
    :math:`\hat\pi_c` of decisions for it, and the relative frequency :math:`m_{cc}` of correct
    decisions. It equals scikit-learn's F1 score with ``average="weighted"``, which is common in
    sentiment analysis.

    Input
    -----
    cells : [num_classes ** 2], `np.float64`
        Means of :func:`confusion`

    Output
    ------
    : `float`
        F1 score
    """
    matrix = np.asarray(cells, float).reshape(2 * [round(len(cells) ** 0.5)])
    shares, decided = matrix.sum(1), matrix.sum(0)
    total = np.maximum(shares + decided, 1e-300)
    return float(np.sum(shares * 2 * np.diag(matrix) / total))


def moments(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """First and second powers of both arguments, and their product: [batch, 5], `float64`.

    Double precision is required to compute a variance that is small compared with the squared mean.

    Input
    -----
    x, y : [batch] or [batch, 1], `tf.float`
        Values

    Output
    ------
    : [batch, 5], `tf.float64`
        :math:`x, y, x^2, y^2, xy`

    Raises
    ------
    ValueError
        If the arguments have another shape
    """
    x, y = (_values(one) for one in (x, y))
    return tf.stack([x, y, x * x, y * y, x * y], -1)


def _values(x: tf.Tensor) -> tf.Tensor:
    """Values [batch] of [batch] or [batch, 1] in double precision."""
    shape = tf.convert_to_tensor(x).shape
    if shape.rank != 1 and not (shape.rank == 2 and shape[1] == 1):
        raise ValueError(f"Values must have shape [batch] or [batch, 1]. Received: {shape}")
    return tf.reshape(tf.cast(x, tf.float64), [-1])


@ranged("correlation", -1.0, 1.0)
def correlation(means: Means) -> float:
    """Pearson's correlation from means of :func:`moments`; zero if an argument is constant.

    An argument counts as constant if its standard deviation is less than 1e-6 of its root mean
    square, because means in double precision do not show smaller variations.

    Input
    -----
    means : [5], `np.float64`
        Means of :func:`moments` over all samples

    Output
    ------
    : `float`
        Correlation in [-1, 1]
    """
    x, y, xx, yy, xy = np.asarray(means, np.longdouble)
    variances = xx - x * x, yy - y * y
    if not all(v > _ROUNDING * square for v, square in zip(variances, (xx, yy), strict=True)):
        return float("nan") if np.isnan(variances).any() else 0.0
    return float((xy - x * y) / (np.sqrt(variances[0]) * np.sqrt(variances[1])))


def where(hits: tf.Tensor, counted: tf.Tensor) -> tf.Tensor:
    """Hits among the counted samples, and counted samples: [batch, 2], `float`.

    Input
    -----
    hits : [batch], `tf.bool`
        Whether a sample is a hit
    counted : [batch], `tf.bool`
        Whether a sample counts

    Output
    ------
    : [batch, 2], `tf.float`
        One or zero for each
    """
    counted = tf.cast(counted, tf.float32)
    return tf.stack([tf.cast(hits, tf.float32) * counted, counted], -1)


@ranged("acc2_nonzero", 0.0, 1.0)
def share(means: Means) -> float:
    """Fraction of hits from means of :func:`where`; zero if no sample counts.

    Input
    -----
    means : [2], `np.float64`
        Means of :func:`where` over all samples

    Output
    ------
    : `float`
        Fraction of hits
    """
    return float(means[0] / means[1]) if means[1] > 0 else 0.0


class Percentile:
    """A percentile over all samples, from the shares of them in the bins of a histogram.

    Within the bin that it falls in, samples count as evenly spread. Samples beyond the edges count
    in the first or last bin.

    Parameters
    ----------
    percent : `float`
        Which percentile, above 0 and below 100
    edges : [num_bins + 1], `np.float64`
        Edges of the bins, which ascend

    Input
    -----
    shares : [num_bins], `np.float64`
        Share of the samples in each bin

    Output
    ------
    : `float`
        Percentile

    Raises
    ------
    ValueError
        If ``percent`` is not between 0 and 100, or if ``edges`` do not ascend
    """

    def __init__(self, percent: float, edges: Means) -> None:
        self.percent, self.edges = percent, np.asarray(edges, float)
        if not 0.0 < percent < 100.0:
            raise ValueError(f"`percent` must be between 0 and 100. Received: {percent}")
        if self.edges.ndim != 1 or len(self.edges) < 2 or not np.all(np.diff(self.edges) > 0):
            raise ValueError(f"`edges` must ascend. Received: {shortened(self.edges)}")

    def components(self, x: tf.Tensor) -> tf.Tensor:
        """One in the bin of each of ``x`` [batch], zero in others: [batch, num_bins].

        `sim_metrics` raises FloatingPointError if ``x`` is not finite.
        """
        note_outputs(x)
        x = tf.cast(x, tf.float64)
        inner = tf.constant(self.edges[1:-1], tf.float64)
        return tf.one_hot(tf.searchsorted(inner, x, side="right"), len(self.edges) - 1)

    def __call__(self, shares: Means) -> float:
        """Percentile from means of :meth:`components`."""
        below = np.concatenate([[0.0], np.cumsum(np.asarray(shares, float))])
        wanted = self.percent / 100.0 * below[-1]
        index = int(np.clip(np.searchsorted(below, wanted) - 1, 0, len(shares) - 1))
        within = (wanted - below[index]) / max(below[index + 1] - below[index], 1e-300)
        return float(self.edges[index] + within * (self.edges[index + 1] - self.edges[index]))
