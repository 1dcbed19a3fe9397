# SPDX-License-Identifier: Apache-2.0
"""Equalizer of slots whose OFDM symbols can contain data and reference signals."""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf
from sionna.phy.mimo import StreamManagement, mf_equalizer, zf_equalizer
from sionna.phy.ofdm import OFDMEqualizer, ResourceGrid

from ..ofdm.equalization import diagonal_lmmse_equalizer
from ..ofdm.settings import OFDMSettings


def make_equalizer(settings: OFDMSettings, resource_grid: ResourceGrid) -> OFDMEqualizer:
    """Construct the equalizer of ``settings`` for a resource grid."""
    precision = settings.precision
    functions = {
        "lmmse": functools.partial(
            lmmse_on_matrices, sizes=(settings.num_rx_ant, settings.streams)
        ),
        "zf": functools.partial(zf_equalizer, precision=precision),
        "mf": functools.partial(mf_equalizer, precision=precision),
    }
    streams = StreamManagement(np.array([[1]]), settings.streams)
    equalizer = functions[settings.equalizer]
    return OFDMEqualizer(equalizer, resource_grid, streams, precision=precision)


def lmmse_on_matrices(
    y: tf.Tensor, h: tf.Tensor, s: tf.Tensor, sizes: tuple[int, int]
) -> tuple[tf.Tensor, tf.Tensor]:
    """`diagonal_lmmse_equalizer` with the interface of :func:`~sionna.phy.mimo.lmmse_equalizer`.

    Input
    -----
    y : [..., num_rx_ant], `tf.complex`
        Received signals

    h : [..., num_rx_ant, num_streams], `tf.complex`
        Channel matrices

    s : [..., num_rx_ant, num_rx_ant], `tf.complex`
        Noise covariance matrices; only the diagonal is used

    sizes : (`int`, `int`)
        ``num_rx_ant`` and ``num_streams``, which can be unknown in graphs

    Output
    ------
    x_hat : [..., num_streams], `tf.complex`
        Estimated symbols

    no_eff : [..., num_streams], `tf.float`
        Noise power left on the estimated symbols
    """
    num_rx_ant, num_streams = sizes
    noise = tf.math.real(tf.linalg.diag_part(s))
    outputs = diagonal_lmmse_equalizer(
        tf.reshape(y, [-1, num_rx_ant]),
        tf.reshape(h, [-1, num_rx_ant, num_streams]),
        tf.reshape(noise, [-1, num_rx_ant]),
    )
    shape = tf.concat([tf.shape(h)[:-2], [num_streams]], 0)
    x_hat, no_eff = (tf.reshape(output, shape) for output in outputs)
    return x_hat, no_eff
