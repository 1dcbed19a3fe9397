# SPDX-License-Identifier: Apache-2.0
"""Convolutional network that refines channel estimates and their error variance."""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from ..._parts import Part, validated
from .learned_error import SNRS_DB
from .settings import LearnedEstimatorSettings
from .slot_error import no_coefficients
from .weights import read_weights

NUM_STATES = 3  # error variance, noise power, pilots
LEAST = 1e-6  # smallest power at the input, relative to the energy of a coefficient
MOST_LOG = 8.0  # largest natural logarithm of the scaling of an error variance
FLOOR = 1e-5  # relative to the energy of a coefficient; lets an error variance of zero increase


class LearnedEstimator(Part, keras.layers.Layer):
    r"""Refines a channel estimate :math:`\check{h}` of error variance :math:`\check{\sigma}^2`.

    .. math::

        \hat{h} = \check{h} + \sqrt{P}\,\delta, \qquad
        \sigma^2 = \check{\sigma}^2 e^{\lambda} + 10^{-5} P\,\max(e^{\lambda} - 1, 0)

    where a convolutional network computes :math:`\delta \in \mathbb{C}` and
    :math:`\lambda \in (-8, 8)` for each resource element. Its input is the estimate, its error
    variance, the noise power, and the positions of pilots. Powers are relative to the mean energy
    :math:`P` of a coefficient. The network consists of a convolution over frequency, residual
    blocks, and an output convolution. A residual block filters over frequency and then over time.
    Its channels are weighted with a function of error variance, noise power and pilots,
    :math:`\mathbf{s}`:

    .. math:: \mathbf{x} \leftarrow \mathbf{x} + \mathbf{W}_t * \big[\mathrm{ReLU}(\mathbf{W}_f *
              \mathbf{x}) \odot \mathrm{sigmoid}(\mathbf{G}\mathbf{s})\big]

    The same network is applied to all pairs of antennas and streams. Its weights therefore fit any
    number of antennas and streams and any grid size. The output layer is initialized with zeros, so
    that an untrained network does not change the estimate and its error variance.

    The attribute ``error_coefficients`` is not part of the network. It scales the error variance so
    that ``no_eff`` equals the error of equalized symbols, see `SlotError`. A link measures the
    coefficients after training.

    Raises
    ------
    FileNotFoundError
        If the model ``weights`` does not exist
    ValueError
        If a setting is invalid, or the ``weights`` belong to a different network

    Input
    -----
    h_hat : [batch, num_ofdm_symbols, num_subcarriers], `tf.complex64`
        Estimate, relative to :math:`\sqrt{P}`

    err_var : as ``h_hat``, `tf.float32`
        Error variance, relative to :math:`P`

    no : as ``h_hat``, `tf.float32`
        Noise power, relative to :math:`P`

    pilots : as ``h_hat``, `tf.float32`
        One for pilots of the stream, zero elsewhere

    Output
    ------
    h_hat, err_var : as the input
        Refined estimate and its error variance
    """

    settings_class = LearnedEstimatorSettings

    def __init__(self, *, name: str | None = None, **settings: Any) -> None:
        chosen = validated(LearnedEstimatorSettings, settings)
        super().__init__(name=name)
        self.settings = chosen
        width, times, frequencies = chosen.width, chosen.kernel_times, chosen.kernel_frequencies
        self._first = self._filter((1, frequencies, 2 + NUM_STATES, width))
        self._blocks = [
            (
                self._filter((1, frequencies, width, width)),
                self._filter((1, 1, NUM_STATES, width)),
                self._filter((times, 1, width, width)),
            )
            for _ in range(chosen.num_blocks)
        ]
        self._last = self._filter((3, 3, width, 3), "zeros")
        self.error_coefficients = self.add_weight(
            shape=no_coefficients(SNRS_DB).shape,
            initializer="zeros",
            trainable=False,
            name="error_coefficients",
        )
        """Coefficients of `SlotError` at SNRs from -10 to 40 dB."""
        self.built = True
        if chosen.weights is not None:
            self.load(chosen.weights, chosen.seed)

    def call(
        self, h_hat: tf.Tensor, err_var: tf.Tensor, no: tf.Tensor, pilots: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Refine ``h_hat``."""
        state = tf.stack([_decades(err_var), _decades(no), pilots], -1)
        parts = tf.stack([tf.math.real(h_hat), tf.math.imag(h_hat)], -1)
        x = _filtered(tf.concat([parts, state], -1), self._first)
        for frequency, gate, time in self._blocks:
            inner = ops.relu(_filtered(x, frequency)) * ops.sigmoid(_filtered(state, gate))
            x += _filtered(inner, time)
        real, imag, change = tf.unstack(_filtered(ops.relu(x), self._last), axis=-1)
        factor = tf.exp(MOST_LOG * tf.tanh(change / MOST_LOG))
        refined = err_var * factor + FLOOR * tf.maximum(factor - 1.0, 0.0)
        return h_hat + tf.complex(real, imag), refined

    def load(self, name_or_path: str | os.PathLike[str], seed: int = 0) -> None:
        """Load the weights of the estimator in the link of a trained system.

        Parameters
        ----------
        name_or_path : `str` or `PathLike`
            Name of a shipped model, or a file written by ``system.save("x.keras")``
        seed : `int`
            Training seed of the shipped model

        Raises
        ------
        FileNotFoundError
            If neither the model nor the file exists
        ValueError
            If the file is damaged or contains no estimator of this size
        """
        shapes = [tuple(weight.shape) for weight in self.weights]
        self.set_weights(read_weights(name_or_path, seed, shapes))

    def get_config(self) -> dict[str, Any]:
        """Arguments of an equal layer, without weights, which are saved with the model."""
        return {**super().get_config(), "weights": None, "name": self.name}

    def _filter(
        self, shape: tuple[int, ...], initializer: str = "glorot_uniform"
    ) -> tuple[keras.Variable, keras.Variable]:
        """Kernel and bias of a convolution."""
        kernel = self.add_weight(shape=shape, initializer=initializer, name="kernel")
        return kernel, self.add_weight(shape=shape[-1:], initializer="zeros", name="bias")


def _filtered(x: tf.Tensor, weights: tuple[keras.Variable, keras.Variable]) -> tf.Tensor:
    """Convolution that preserves the grid size."""
    kernel, bias = weights
    return ops.conv(x, kernel, padding="same") + bias


def _decades(power: tf.Tensor) -> tf.Tensor:
    """Powers on a logarithmic scale: ``LEAST`` is mapped to one, and one is mapped to zero."""
    return tf.math.log(tf.maximum(power, LEAST)) / np.log(LEAST)
