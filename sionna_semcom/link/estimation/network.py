# SPDX-License-Identifier: Apache-2.0
"""A small convolutional network that refines channel estimates and says how wrong they are."""

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
LEAST = 1e-6  # power in units of a coefficient's energy below which all are the same to the network
MOST_LOG = 8.0  # natural logarithm of the largest change of an error variance
FLOOR = 1e-5  # of the energy of a coefficient, from which an error variance of zero can grow


class LearnedEstimator(Part, keras.layers.Layer):
    r"""Refines an estimate :math:`\check{h}` of error variance :math:`\check{\sigma}^2`.

    .. math::

        \hat{h} = \check{h} + \sqrt{P}\,\delta, \qquad
        \sigma^2 = \check{\sigma}^2 e^{\lambda} + 10^{-5} P\,\max(e^{\lambda} - 1, 0)

    where a convolutional network gives :math:`\delta \in \mathbb{C}` and
    :math:`\lambda \in (-8, 8)` for each resource element. It sees the estimate, its error variance,
    the noise power, and where the pilots are, all in units of the mean energy :math:`P` of a
    coefficient. Between a convolution over frequency and a last one stand residual blocks, which
    filter over frequency, then over time, and weigh their channels by what is known of the noise,
    :math:`\mathbf{s}`:

    .. math:: \mathbf{x} \leftarrow \mathbf{x} + \mathbf{W}_t * \big[\mathrm{ReLU}(\mathbf{W}_f *
              \mathbf{x}) \odot \mathrm{sigmoid}(\mathbf{G}\mathbf{s})\big]

    The network is the same for all pairs of antennas and streams, so that its weights fit any
    number of them and any size of the grid. Its last layer starts at zero: a network that is not
    trained gives the estimate and error variance that it got.

    ``error_coefficients`` are no part of the network. They scale the error variance so that
    equalized symbols have the noise that is reported, see `SlotError`; a link measures them after
    training.

    Raises
    ------
    FileNotFoundError
        If there is no model with the ``weights``
    ValueError
        If a setting is wrong, or the ``weights`` are of another network

    Input
    -----
    h_hat : [batch, num_ofdm_symbols, num_subcarriers], `tf.complex64`
        Estimate, in units of the square root of :math:`P`

    err_var : as ``h_hat``, `tf.float32`
        Its error variance, in units of :math:`P`

    no : as ``h_hat``, `tf.float32`
        Noise power, in units of :math:`P`

    pilots : as ``h_hat``, `tf.float32`
        One where the stream sends pilots, zero elsewhere

    Output
    ------
    h_hat, err_var : as the input
        Refined estimate, and its error variance
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
        """What slots show of the error of equalized symbols at SNRs from -10 to 40 dB."""
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
        """Take the weights of the estimator in the link of a trained system.

        Parameters
        ----------
        name_or_path : `str` or `PathLike`
            Name of a shipped model, or a file that ``system.save("x.keras")`` wrote
        seed : `int`
            Training seed of the shipped model

        Raises
        ------
        FileNotFoundError
            If there is neither such a model nor such a file
        ValueError
            If the file is damaged or has no estimator of this size
        """
        shapes = [tuple(weight.shape) for weight in self.weights]
        self.set_weights(read_weights(name_or_path, seed, shapes))

    def get_config(self) -> dict[str, Any]:
        """Arguments that build an equal layer; its weights are saved with the model that has it."""
        return {**super().get_config(), "weights": None, "name": self.name}

    def _filter(
        self, shape: tuple[int, ...], initializer: str = "glorot_uniform"
    ) -> tuple[keras.Variable, keras.Variable]:
        """Kernel and bias of a convolution."""
        kernel = self.add_weight(shape=shape, initializer=initializer, name="kernel")
        return kernel, self.add_weight(shape=shape[-1:], initializer="zeros", name="bias")


def _filtered(x: tf.Tensor, weights: tuple[keras.Variable, keras.Variable]) -> tf.Tensor:
    """Convolution that keeps the size of the grid."""
    kernel, bias = weights
    return ops.conv(x, kernel, padding="same") + bias


def _decades(power: tf.Tensor) -> tf.Tensor:
    """Powers on a logarithmic scale, from one at LEAST to zero at one, and below it beyond."""
    return tf.math.log(tf.maximum(power, LEAST)) / np.log(LEAST)
