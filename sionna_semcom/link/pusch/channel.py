# SPDX-License-Identifier: Apache-2.0
"""Effective channel of the layers, and its statistics."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object

from ...channel.slots.estimation import measured_covariances
from ..estimation.learned_error import Estimator
from .pilot_groups import LayerStatistics


class LayerChannel(Object):
    r"""Effective channel of the layers, the product of channel and precoding matrix.

    .. math:: \tilde{\mathbf{H}} = \mathbf{H}\mathbf{W}, \qquad \lVert\mathbf{W}\rVert_F^2 = 1

    where the matrices :math:`\mathbf{W}` of 3GPP TS 38.211, section 6.3.1.5, are scaled to unit
    total power.

    Parameters
    ----------
    matrix : [num_antenna_ports, num_layers], `complex`
        Precoding matrix :math:`\mathbf{W}`

    Input
    -----
    h : [num_slots, 1, num_rx_ant, 1, num_antenna_ports, num_ofdm_symbols, fft_size], `tf.complex`
        Channel

    no : `tf.float`
        Noise power, which has no effect on the precoder

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_layers, num_ofdm_symbols, fft_size], `tf.complex`
        Effective channel of the layers
    """

    follows_noise: ClassVar[bool] = False
    """Whether the precoder depends on the noise power"""

    def __init__(self, matrix: np.ndarray, precision: str | None = None) -> None:
        super().__init__(precision=precision)
        self._matrix = tf.constant(matrix, self.cdtype)

    def __call__(self, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Precode the channel ``h``."""
        layers = tf.einsum("brptf,ps->brstf", h[:, 0, :, 0], self._matrix)
        return layers[:, tf.newaxis, :, tf.newaxis]

    def spread(self, x: tf.Tensor, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Map the layers ``x`` to antenna ports; ``h`` has no effect.

        ``x`` has shape [num_slots, 1, num_layers, num_ofdm_symbols, fft_size]. In the output, the
        axis of layers is replaced by the antenna ports.
        """
        return tf.einsum("bxstf,ps->bxptf", x, self._matrix)


class SizedEstimate(Object):
    """Channel estimates with static shapes, which Sionna's equalizer requires in graphs.

    Parameters
    ----------
    estimate : callable
        Channel estimator

    sizes : (`int`, `int`)
        Number of layers and of subcarriers

    Input
    -----
    y : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received slots

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Output of the estimator
    """

    def __init__(
        self, estimate: Estimator, sizes: tuple[int, int], precision: str | None = None
    ) -> None:
        super().__init__(precision=precision)
        self._estimate, self._sizes = estimate, sizes

    def __call__(self, y: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the channel from ``y`` at the noise power ``no``."""
        h_hat, err_var = self._estimate(y, no)
        layers, subcarriers = self._sizes
        sizes = [None, 1, y.shape[2], 1, layers, y.shape[3], subcarriers]
        return tf.ensure_shape(h_hat, sizes), err_var


def layer_statistics(h: tf.Tensor) -> LayerStatistics:
    """Measure the statistics of the effective channel ``h``, the output of `LayerChannel`."""
    h = h[:, 0, :, 0]
    rows = tf.reshape(tf.transpose(h, [0, 1, 3, 4, 2]), [-1, h.shape[2]]).numpy()
    return LayerStatistics(*measured_covariances(h), rows.T @ rows.conj() / len(rows))
