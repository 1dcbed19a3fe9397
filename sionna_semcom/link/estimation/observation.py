# SPDX-License-Identifier: Apache-2.0
"""Signals inside a link: channels, estimates and symbols."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Arrived(NamedTuple):
    """Received slots, with the channel that is only known in a simulation."""

    y: tf.Tensor
    """[num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`"""
    h: tf.Tensor
    """Effective channel of the streams; with delayed knowledge, the `OldChannel`"""
    no: tf.Tensor
    """[] or [num_slots], `tf.float`: power of noise and interference per antenna"""
    gain: tf.Tensor | None
    """[num_slots], `tf.float`: energy of each slot of the channel; `None` is one"""
    others: Any
    """`Interference`, or `None`"""


class Observation(NamedTuple):
    """Transmitted slots, with the channel that is only known in a simulation."""

    h: tf.Tensor
    """Effective channel of the streams, [num_slots, 1, num_rx_ant, 1, num_streams,
    num_ofdm_symbols, num_subcarriers], `tf.complex`"""
    h_hat: tf.Tensor
    """Channel estimate, as ``h``"""
    err_var: tf.Tensor
    """Error variance that the equalizer assumes, broadcastable to the shape of ``h``"""
    symbols: tf.Tensor
    """Transmitted data symbols, [num_slots, num_streams * num_data_symbols], `tf.complex`"""
    symbols_hat: tf.Tensor
    """Equalized symbols, as ``symbols``"""
    no_eff: tf.Tensor
    """Reported noise power, as ``symbols``, `tf.float`"""

    @property
    def error_over_no_eff(self) -> tf.Tensor:
        """Squared error of symbols / ``no_eff``, averaged over each slot."""
        error = self.symbols_hat - self.symbols
        squared = tf.math.real(error) ** 2 + tf.math.imag(error) ** 2
        return tf.reduce_mean(squared / self.no_eff, -1)
