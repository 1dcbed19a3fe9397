# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from sionna_semcom.link import AWGNLink

NO = 0.3


def test_noise_is_circular_gaussian_of_the_asked_power(compiled):
    symbols = tf.ones([500, 40], tf.complex64)
    symbols_hat, no_eff = compiled(AWGNLink())(symbols, tf.constant(NO))
    noise = (symbols_hat - symbols).numpy().ravel()
    for part in (noise.real, noise.imag):
        assert stats.kstest(part, stats.norm(scale=np.sqrt(NO / 2)).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(noise.real, noise.imag)[0, 1]) < 4 / np.sqrt(noise.size)
    np.testing.assert_array_equal(no_eff, np.full([500, 40], NO, np.float32))


def test_each_row_may_have_its_own_noise(compiled):
    no = tf.constant([0.01, 1.0, 4.0])
    symbols = tf.zeros([3, 20_000], tf.complex64)
    symbols_hat, no_eff = compiled(AWGNLink())(symbols, no)
    np.testing.assert_allclose(np.mean(np.abs(symbols_hat) ** 2, axis=1), no, rtol=0.04)
    np.testing.assert_array_equal(no_eff[:, 7], no)


def test_without_noise_symbols_pass_unchanged(compiled):
    symbols = tf.complex(*tf.unstack(tf.random.normal([2, 4, 8])))
    symbols_hat, no_eff = compiled(AWGNLink())(symbols, tf.constant(0.0))
    np.testing.assert_array_equal(symbols_hat, symbols)
    assert not np.any(no_eff)


def test_a_symbol_is_a_channel_use():
    assert AWGNLink().channel_uses(8, num_latents=3) == 24


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match=r"unknown key num_antennas; known are"):
        AWGNLink(num_antennas=2)
