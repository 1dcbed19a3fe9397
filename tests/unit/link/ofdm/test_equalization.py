# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.mimo import lmmse_equalizer

from sionna_semcom.link.ofdm.equalization import diagonal_lmmse_equalizer, error_matrix


def problem(no, num_rx_ant=4, num_streams=2):
    rng = np.random.default_rng(1)

    def normal(*shape):
        return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / 2**0.5

    noise = no * rng.uniform(0.5, 2.0, [50, num_rx_ant])
    s = np.eye(num_rx_ant) * noise[:, np.newaxis]
    return normal(50, num_rx_ant), normal(50, num_rx_ant, num_streams), s


@pytest.mark.parametrize(
    ("no", "num_rx_ant", "num_streams"),
    [(100.0, 4, 2), (1.0, 2, 2), (0.01, 4, 2), (0.01, 4, 1), (1.0, 1, 1), (0.1, 4, 3)],
)
def test_equals_sionnas_equalizer(compiled, no, num_rx_ant, num_streams):
    y, h, s = problem(no, num_rx_ant, num_streams)
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


@pytest.mark.parametrize("no", [1.0, 1e-6])
def test_streams_that_share_one_channel_are_finite_and_indistinguishable(no):
    y, h, s = (tf.constant(x, tf.complex64) for x in problem(no))
    x_hat, no_eff = diagonal_lmmse_equalizer(y, tf.repeat(h[..., :1], 2, axis=-1), s)
    assert np.isfinite(x_hat).all()
    np.testing.assert_allclose(no_eff[:, 0], no_eff[:, 1], rtol=1e-5)
    assert np.min(no_eff) > 0.5  # the power of the other stream, less what rounding takes


@pytest.mark.parametrize("num_streams", [1, 2, 3])
def test_error_matrix_inverts(num_streams):
    _, h, _ = problem(1.0, 4, num_streams)
    gram = np.conj(np.swapaxes(h, -1, -2)) @ h
    expected = np.linalg.inv(gram + np.eye(num_streams))
    got = error_matrix(tf.constant(gram, tf.complex64))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
