# SPDX-License-Identifier: Apache-2.0
"""What a link sees of a channel, beside the channel itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Arrived(NamedTuple):
    """What a receiver gets of slots, and what only a simulation knows of it."""

    y: tf.Tensor
    """[num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`"""
    h: tf.Tensor
    """Channel of the streams"""
    no: tf.Tensor
    """[] or [num_slots], `tf.float`: power of noise and interference at an antenna"""
    gain: tf.Tensor | None
    """[num_slots], `tf.float`: energy of each slot of the channel; none: one"""
    others: Any
    """`Interference`, or none"""


class Observation(NamedTuple):
    """Slots that crossed a link, with what only a simulation knows of them."""

    h: tf.Tensor
    """Channel of the streams, [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols,
    num_subcarriers], `tf.complex`"""
    h_hat: tf.Tensor
    """Its estimate, as ``h``"""
    err_var: tf.Tensor
    """Error variance that the equalizer assumes, broadcastable to the shape of ``h``"""
    symbols: tf.Tensor
    """Data symbols sent, [num_slots, num_streams * num_data_symbols], `tf.complex`"""
    symbols_hat: tf.Tensor
    """Equalized symbols, as ``symbols``"""
    no_eff: tf.Tensor
    """Noise power reported of them, as ``symbols``, `tf.float`"""

    @property
    def error_over_no_eff(self) -> tf.Tensor:
        """Squared error of symbols over the noise power reported, the mean of each slot."""
        error = self.symbols_hat - self.symbols
        squared = tf.math.real(error) ** 2 + tf.math.imag(error) ** 2
        return tf.reduce_mean(squared / self.no_eff, -1)
