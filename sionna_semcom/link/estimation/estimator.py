# SPDX-License-Identifier: Apache-2.0
"""Neural refinement of the output of any channel estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.ofdm import PilotPattern, ResourceGrid

from .learned_error import SNRS_DB, Estimator
from .network import LearnedEstimator
from .settings import LearnedEstimatorSettings
from .slot_error import SlotError, slot_error
from .slot_signs import sent_pilots


class RefinedEstimate(Object):
    """Refines the output of another channel estimator with a `LearnedEstimator`.

    Gradients do not flow into the other estimator, because it has no weights.

    Parameters
    ----------
    estimate : callable
        Channel estimator, a function of ``y`` and ``no``

    network : `LearnedEstimator`
        Network that refines the estimate

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    energy : `float`
        Mean energy of a coefficient of the effective channel of a stream

    Input
    -----
    y : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Received slots

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h_hat : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, num_subcarriers],
        `tf.complex`
        Refined estimate, without nulled subcarriers

    err_var : as ``h_hat``, `tf.float`
        Error variance of the refined estimate
    """

    def __init__(
        self,
        estimate: Estimator,
        network: LearnedEstimator,
        resource_grid: ResourceGrid,
        energy: float,
        precision: str | None = None,
    ) -> None:
        super().__init__(precision=precision)
        self._estimate, self._network, self._energy = estimate, network, energy
        self._pilots = tf.constant(own_pilots(resource_grid.pilot_pattern), tf.float32)

    def __call__(self, y: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate the channel from ``y`` at the noise power ``no``."""
        h, err_var = (tf.stop_gradient(output) for output in self._estimate(y, no))
        h = tf.ensure_shape(h, [None, 1, y.shape[2], 1, *self._pilots.shape])
        shape, unit = tf.shape(h), self._energy
        rows = [-1, *self._pilots.shape[1:]]

        def grids(tensor: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
            return tf.reshape(tf.broadcast_to(tf.cast(tensor, dtype), shape), rows)

        noise = tf.reshape(no, [-1, *[1] * 6])
        before = grids(h / unit**0.5, tf.complex64)
        refined, variance = self._network(
            before,
            grids(err_var / unit, tf.float32),
            grids(noise / unit, tf.float32),
            grids(self._pilots, tf.float32),
        )
        # the difference is exactly zero if the network does not change the estimate
        change = tf.reshape(tf.cast(refined - before, self.cdtype), shape)
        variance = tf.reshape(tf.cast(variance, self.rdtype), shape)
        return h + unit**0.5 * change, unit * variance


def own_pilots(pattern: PilotPattern) -> np.ndarray:
    """Mask of the pilots of each stream: [num_streams, T, num_subcarriers]."""
    return (np.abs(sent_pilots(pattern)) > 0).astype(np.float32)


def learned_estimate(
    estimate: Estimator,
    network: LearnedEstimator,
    resource_grid: ResourceGrid,
    precision: str | None = None,
) -> SlotError:
    """``estimate``, refined by ``network``, with an error variance that depends on the slot.

    The streams of a slot have a total power of one.
    """
    energy = 1.0 / resource_grid.num_streams_per_tx
    refined = RefinedEstimate(estimate, network, resource_grid, energy, precision)
    coefficients = network.error_coefficients
    return slot_error(refined, resource_grid, SNRS_DB, precision, coefficients)


def split_estimator(
    estimator: Any, settings: Mapping[str, Any]
) -> tuple[LearnedEstimator | None, dict[str, Any]]:
    """Separate an estimator layer from the settings of a link.

    Input
    -----
    estimator : `None` | `str` | `dict` | `LearnedEstimatorSettings` | `LearnedEstimator`
        Argument ``estimator`` of the link

    settings : `dict`
        Other arguments of the link

    Output
    ------
    network : `LearnedEstimator` | `None`
        The layer, if ``estimator`` is a layer

    settings : `dict`
        Arguments with the settings of the estimator
    """
    if estimator is None:
        return None, dict(settings)
    if isinstance(estimator, LearnedEstimator):
        chosen: LearnedEstimatorSettings = estimator.settings
        return estimator, {**settings, "estimator": chosen}
    return None, {**settings, "estimator": estimator}
