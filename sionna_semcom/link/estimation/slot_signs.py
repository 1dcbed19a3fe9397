# SPDX-License-Identifier: Apache-2.0
"""Features of a slot that are correlated with the error of its channel estimate."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.ofdm import PilotPattern, ResourceGrid

from ...channel.noise import energy

NUM_SIGNS = 3
LEAST_MISFIT = 1e-3  # relative to the noise power


class SlotSigns(Object):
    r"""Three features of each slot that increase with the error of its channel estimate.

    .. math::

        s_1 = \log\left(\frac{1}{N_0}\overline{\Big|y - \sum_s \hat{h}_s p_s\Big|^2} +
              10^{-3}\right), \quad
        s_2 = \log\left(\frac{1}{N_0}\overline{|\hat{h}_{t_2} - \hat{h}_{t_1}|^2} + 1\right), \quad
        s_3 = \log\left(\frac{1}{N_0}\overline{\Big|\hat{h}_n -
              \frac{\hat{h}_{n-d} + \hat{h}_{n+d}}{2}\Big|^2} + 1\right)

    The features are the logarithms of the residual at the pilots :math:`p_s`, the change of the
    estimate from the first to the last OFDM symbol with pilots, and the curvature over subcarriers.
    Powers are averaged over antennas, streams and the other axes. :math:`d` is the number of
    streams.

    Parameters
    ----------
    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot of one transmitter

    Input
    -----
    y : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received slots

    h_hat : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, num_subcarriers],
        `tf.complex`
        Channel estimate, without nulled subcarriers

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    : [num_slots, 3], `tf.float`
        :math:`s_1, s_2, s_3`
    """

    def __init__(self, resource_grid: ResourceGrid, precision: str | None = None) -> None:
        super().__init__(precision=precision)
        pilots = sent_pilots(resource_grid.pilot_pattern)
        streams, times, subcarriers = pilots.shape
        has_pilots = np.any(pilots != 0, axis=0)
        symbols = np.nonzero(has_pilots.any(axis=1))[0]
        self._sizes = streams, times * subcarriers
        self._used = np.array(resource_grid.effective_subcarrier_ind)
        self._elements = np.nonzero(has_pilots.reshape(-1))[0]
        self._pilots = tf.constant(pilots.reshape(streams, -1)[:, self._elements], self.cdtype)
        self._ends = int(symbols[0]), int(symbols[-1])
        self._distance = streams if subcarriers > 2 * streams else 1

    def __call__(self, y: tf.Tensor, h_hat: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Compute the features of slots ``y`` with the estimate ``h_hat``."""
        antennas, streams = y.shape[2], self._sizes[0]
        y = tf.reshape(tf.gather(y, self._used, axis=-1), [-1, antennas, self._sizes[1]])
        rows = tf.reshape(h_hat, [-1, antennas, *self._sizes])
        fitted = tf.gather(rows, self._elements, axis=-1) * self._pilots
        misfit = tf.gather(y, self._elements, axis=-1) - tf.reduce_sum(fitted, axis=2)
        grids = tf.reshape(h_hat, [-1, antennas * streams, *h_hat.shape[-2:]])
        change = grids[:, :, self._ends[1]] - grids[:, :, self._ends[0]]
        near = self._distance
        sides = 0.5 * (grids[..., : -2 * near] + grids[..., 2 * near :])
        powers = [_mean(misfit), _mean(change), _mean(grids[..., near:-near] - sides)]
        noise = tf.maximum(tf.reshape(no, [-1, 1]), 1e-30)
        ratios = tf.stack(powers, axis=1) / noise
        return tf.math.log(ratios + tf.constant([LEAST_MISFIT, 1.0, 1.0], self.rdtype))


def _mean(values: tf.Tensor) -> tf.Tensor:
    """Mean energy of each slot; zero without values."""
    total = tf.reduce_sum(energy(values), axis=list(range(1, values.shape.rank)))
    return total / max(int(np.prod(values.shape[1:])), 1)


def sent_pilots(pattern: PilotPattern) -> np.ndarray:
    """Pilots of each stream, zero elsewhere: [num_streams, num_ofdm_symbols, num_subcarriers]."""
    mask = np.asarray(pattern.mask)[0].astype(bool)
    sent = np.zeros(mask.shape, np.complex128)
    sent[mask] = np.asarray(pattern.pilots)[0].reshape(-1)
    return sent
