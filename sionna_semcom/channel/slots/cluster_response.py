# SPDX-License-Identifier: Apache-2.0
"""Frequency responses of a CDL channel with precomputed tables."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.channel.tr38901 import CDL

from .clusters import ClusterPaths


class ClusterResponse(Object):
    r"""Draws frequency responses of a CDL model, with unit mean energy over each slot.

    .. math::

        h_{t,n} \propto \sum_p a_{p,t} r_{p,n}, \qquad r_{p,n} = e^{-j 2\pi f_n \tau_p}, \qquad
        \frac{1}{F}\sum_n |h_{t,n}|^2 = \mathbf{a}_t^\mathsf{T}\mathbf{C}\,\mathbf{a}_t^\star,
        \quad \mathbf{C} = \tfrac{1}{F}\mathbf{R}\mathbf{R}^\mathsf{H}

    The result equals `frequency_response` of the paths of the model. The delays of the paths are
    constant, so that the response and the energy of a slot are products with constant matrices.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.tr38901.CDL`
        Channel model

    frequencies : [fft_size], `tf.float`
        Frequencies of the subcarriers [Hz], relative to the carrier

    precision : `None` (default) | "single" | "double"
        Precision of the output; `None` is that of Sionna's configuration

    Input
    -----
    num_slots, num_time_steps, sampling_frequency
        See `ClusterPaths`

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_time_steps, fft_size], `tf.complex`
        Frequency responses
    """

    def __init__(self, model: CDL, frequencies: tf.Tensor, precision: str | None = None) -> None:
        super().__init__(precision=precision)
        self.paths = ClusterPaths(model, self.precision)
        """Paths from which responses are computed."""
        phases = -2.0 * np.pi * np.outer(self.paths.delays, frequencies.numpy().astype(float))
        rotations = np.exp(1j * phases)
        self._rotations = tf.constant(rotations, self.cdtype)
        energies = rotations @ rotations.conj().T / rotations.shape[1]
        self._energies = tf.constant(energies, self.cdtype)

    def __call__(
        self, num_slots: int | tf.Tensor, num_time_steps: int, sampling_frequency: float
    ) -> tf.Tensor:
        """Draw ``num_slots`` frequency responses."""
        a = self.paths(num_slots, num_time_steps, sampling_frequency)
        num_paths, rx, tx = a.shape[1:4]
        rows = tf.reshape(a, [num_slots, num_paths, rx * tx * num_time_steps])
        products = tf.matmul(self._energies, rows, transpose_a=True)
        energy = tf.math.real(tf.reduce_sum(products * tf.math.conj(rows), 1))
        energy = tf.reduce_mean(energy, -1)[:, tf.newaxis, tf.newaxis]
        rows = tf.math.divide_no_nan(rows, tf.cast(tf.sqrt(energy), rows.dtype))
        h = tf.matmul(rows, self._rotations, transpose_a=True)
        h = tf.stop_gradient(h)  # no backward pass, because a channel has no weights
        return tf.reshape(h, [num_slots, 1, rx, 1, tx, num_time_steps, h.shape[-1]])
