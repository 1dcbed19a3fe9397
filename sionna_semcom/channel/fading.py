# SPDX-License-Identifier: Apache-2.0
"""Flat Rayleigh and Rician fading."""

from math import sqrt
from typing import Literal

import numpy as np
import tensorflow as tf
from sionna.phy import Block, config
from sionna.phy.utils import complex_normal


class FlatFading(Block):
    r"""Draws flat fading channel matrices and their estimates at the receiver.

    .. math::

        \mathbf{H} = \sqrt{\tfrac{K}{K+1}}\, \mathbf{a}_R \mathbf{a}_T^\mathsf{T}
        + \sqrt{\tfrac{1}{K+1}}\, (\hat{\mathbf{W}} + \mathbf{E})

    with i.i.d. estimates :math:`\hat{W}_{i,j} \sim \mathcal{CN}(0, 1-v)` of the scattered part and
    independent errors :math:`E_{i,j} \sim \mathcal{CN}(0, v)`, as in MMSE estimation. The estimate
    is :math:`\mathbf{H}` without :math:`\mathbf{E}`. The line of sight connects two half-wavelength
    uniform linear arrays, with angles that are uniform over the half plane in front of each array.

    Parameters
    ----------
    num_tx_ant, num_rx_ant : `int`
        Antennas
    rician_k : `None` (Rayleigh) | `float`
        Rician factor :math:`K`: power of the line of sight over that of the scattered paths
    csi_error_variance : `float`
        CSI error :math:`v`: fraction of the scattered power that the estimate lacks
    precision : `None` (default) | "single" | "double"
        Precision of computations and outputs; `None` is that of Sionna's configuration

    Input
    -----
    shape : sequence of `int` or `tf.int32`
        Shape of independent draws

    Output
    ------
    h : [*shape, num_rx_ant, num_tx_ant], `tf.complex`
        Channel with coefficients of unit average power

    h_hat : as ``h``
        Estimate at the receiver

    error_variance : `float`
        Error variance of each coefficient
    """

    def __init__(
        self,
        num_tx_ant: int = 1,
        num_rx_ant: int = 1,
        rician_k: float | None = None,
        csi_error_variance: float = 0.0,
        precision: Literal["single", "double"] | None = None,
    ) -> None:
        super().__init__(precision=precision)
        self._antennas = [num_rx_ant, num_tx_ant]
        self._k = rician_k or 0.0
        self._error_variance = csi_error_variance / (self._k + 1.0)

    def call(self, shape: list[int | tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, float]:
        """Draw channels."""
        known_variance = 1.0 / (self._k + 1.0) - self._error_variance
        h_hat = sqrt(known_variance) * self._normal(shape)
        if self._k > 0:
            arrival, departure = (self._steering(shape, size) for size in self._antennas)
            line_of_sight = arrival[..., :, tf.newaxis] * departure[..., tf.newaxis, :]
            h_hat += sqrt(self._k / (self._k + 1.0)) * line_of_sight
        if not self._error_variance:
            return h_hat, h_hat, 0.0
        error = sqrt(self._error_variance) * self._normal(shape)
        return h_hat + error, h_hat, self._error_variance

    def _normal(self, shape: list[int | tf.Tensor]) -> tf.Tensor:
        return complex_normal([*shape, *self._antennas], precision=self.precision)

    def _steering(self, shape: list[int | tf.Tensor], num_ant: int) -> tf.Tensor:
        angle = config.tf_rng.uniform([*shape, 1], -np.pi / 2, np.pi / 2, dtype=self.rdtype)
        phase = np.pi * tf.sin(angle) * tf.range(num_ant, dtype=self.rdtype)
        return tf.complex(tf.cos(phase), tf.sin(phase))
