# SPDX-License-Identifier: Apache-2.0
"""What the layers see of a channel, and what a receiver knows of it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object

from ...channel.slots.estimation import measured_covariances
from ..estimation.learned_error import Estimator
from .pilot_groups import LayerStatistics


class LayerChannel(Object):
    r"""What the layers see: the channel times the precoding matrix, which has unit total power.

    .. math:: \tilde{\mathbf{H}} = \mathbf{H}\mathbf{W}, \qquad \lVert\mathbf{W}\rVert_F^2 = 1

    Parameters
    ----------
    matrix : [num_antenna_ports, num_layers], `complex`
        Precoding matrix :math:`\mathbf{W}`

    Input
    -----
    h : [num_slots, 1, num_rx_ant, 1, num_antenna_ports, num_ofdm_symbols, fft_size], `tf.complex`
        Channel

    no : `tf.float`
        Noise power, which the precoder does not depend on

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_layers, num_ofdm_symbols, fft_size], `tf.complex`
        Channel of the layers
    """

    def __init__(self, matrix: np.ndarray, precision: str | None = None) -> None:
        super().__init__(precision=precision)
        self._matrix = tf.constant(matrix, self.cdtype)

    def __call__(self, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Precode the channel ``h``."""
        layers = tf.einsum("brptf,ps->brstf", h[:, 0, :, 0], self._matrix)
        return layers[:, tf.newaxis, :, tf.newaxis]

    def spread(self, x: tf.Tensor, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Signals of the antenna ports for the layers ``x``, which do not depend on ``h``.

        ``x`` is [num_slots, 1, num_layers, num_ofdm_symbols, fft_size], the output has ports in
        place of layers.
        """
        return tf.einsum("bxstf,ps->bxptf", x, self._matrix)


class SizedEstimate(Object):
    """Estimates of the layers of known sizes, which Sionna's equalizer needs and graphs lose.

    Parameters
    ----------
    estimate : callable
        Estimator

    sizes : (`int`, `int`)
        Layers and subcarriers

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
    """Statistics of what the layers see, measured in slots ``h``, the output of `LayerChannel`."""
    h = h[:, 0, :, 0]
    rows = tf.reshape(tf.transpose(h, [0, 1, 3, 4, 2]), [-1, h.shape[2]]).numpy()
    return LayerStatistics(*measured_covariances(h), rows.T @ rows.conj() / len(rows))
