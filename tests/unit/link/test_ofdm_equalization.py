# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.mimo import lmmse_equalizer

from sionna_semcom.link.ofdm.equalization import diagonal_lmmse_equalizer


def problem(no, num_rx_ant=4, num_streams=2):
    rng = np.random.default_rng(1)

    def normal(*shape):
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / 2**0.5

    noise = no * rng.uniform(0.5, 2.0, [50, num_rx_ant])
    s = np.eye(num_rx_ant) * noise[:, np.newaxis]
    return normal(50, num_rx_ant), normal(50, num_rx_ant, num_streams), s


@pytest.mark.parametrize(("no", "num_rx_ant"), [(100.0, 4), (1.0, 2), (0.01, 4)])
def test_equals_sionnas_equaliser(compiled, no, num_rx_ant):
    y, h, s = problem(no, num_rx_ant)
    expected = lmmse_equalizer(y, h, s, precision="double")
    single = [tf.constant(x, tf.complex64) for x in (y, h, s)]
    for ours, theirs in zip(compiled(diagonal_lmmse_equalizer)(*single), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=3e-4)


def test_noise_left_keeps_its_precision_at_60_db():
    y, h, s = problem(1e-6 / 0.5)
    expected = lmmse_equalizer(y, h, s, precision="double")[1]
    got = diagonal_lmmse_equalizer(*(tf.constant(x, tf.complex64) for x in (y, h, s)))[1]
    np.testing.assert_allclose(got, expected, rtol=1e-3)


def test_noiseless_symbols_come_back():
    _, h, _ = problem(1.0)
    x = tf.ones([50, 2], tf.complex64)
    h = tf.constant(h, tf.complex64)
    got, no_eff = diagonal_lmmse_equalizer(
        tf.linalg.matvec(h, x), h, tf.zeros([50, 4, 4], tf.complex64)
    )
    np.testing.assert_allclose(got, x, atol=1e-4)
    assert 0.0 < np.max(no_eff) < 1e-4


def test_a_stream_without_a_channel_is_finite_and_worthless():
    y, h, s = (tf.constant(x, tf.complex64) for x in problem(0.1))
    x_hat, no_eff = diagonal_lmmse_equalizer(y, h * [1.0, 0.0], s)
    assert np.isfinite(x_hat).all() and np.isfinite(no_eff).all()
    assert np.min(no_eff[:, 1]) > 1e6 > np.max(no_eff[:, 0])
