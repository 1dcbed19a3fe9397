# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import maximum_ratio_combining
from sionna_semcom.link.retransmission.combining import arrived_after_each, combined_after_each

RNG = np.random.default_rng(0)
ESTIMATES = (RNG.normal(size=[3, 4, 5]) + 1j * RNG.normal(size=[3, 4, 5])).astype(np.complex64)
NOISE = RNG.exponential(size=[3, 4, 5]).astype(np.float32)


def test_weights_are_the_inverse_noise_powers(compiled):
    combined, no_eff = compiled(maximum_ratio_combining)(ESTIMATES, NOISE)
    precision = 1 / NOISE.astype(float)
    expected = np.sum(ESTIMATES * precision, 0) / np.sum(precision, 0)
    np.testing.assert_allclose(combined, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(no_eff, 1 / np.sum(precision, 0), rtol=1e-5)


def test_least_squares_gives_the_same_estimate():
    weights = np.diag(NOISE[:, 0, 0] ** -0.5)  # one symbol with three noise powers
    rows, values = weights @ np.ones([3, 1]), weights @ ESTIMATES[:, 0, 0]
    expected = np.linalg.lstsq(rows, values, rcond=None)[0][0]
    combined, _ = maximum_ratio_combining(ESTIMATES[:, 0, 0], NOISE[:, 0, 0])
    assert complex(combined) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("noise", "expected", "left"),
    [
        ([0.0, 0.0], 2.0, 0.0),
        ([0.0, 1.0], 1.0, 0.0),
        ([np.inf, 0.5], 3.0, 0.5),
        ([np.inf, np.inf], 2.0, np.inf),
        ([1e-30, 3e-30], 1.5, 7.5e-31),
    ],
)
def test_noise_may_be_none_or_all_there_is(noise, expected, left):
    combined, no_eff = maximum_ratio_combining(tf.constant([1.0, 3.0], tf.complex64), noise)
    assert complex(combined) == pytest.approx(expected)
    assert float(no_eff) == pytest.approx(left, rel=1e-5, abs=0)


def test_one_transmission_stays_as_it_is():
    combined, no_eff = combined_after_each(ESTIMATES[:1], NOISE[:1])
    np.testing.assert_array_equal(combined, ESTIMATES[:1])
    np.testing.assert_array_equal(no_eff, NOISE[:1])


def test_what_has_arrived_grows_part_by_part(compiled):
    symbols_hat, no_eff = (part.numpy() for part in compiled(arrived_after_each)(ESTIMATES, NOISE))
    assert symbols_hat.shape == no_eff.shape == (3, 4, 15)
    for count in (1, 2, 3):
        there = slice(0, 5 * count)
        expected = np.concatenate(ESTIMATES[:count], axis=1)
        np.testing.assert_array_equal(symbols_hat[count - 1, :, there], expected)
        np.testing.assert_array_equal(no_eff[count - 1, :, there], np.hstack(NOISE[:count]))
        assert np.all(symbols_hat[count - 1, :, 5 * count :] == 0)
        assert np.all(np.isinf(no_eff[count - 1, :, 5 * count :]))


def test_an_infinite_estimate_with_infinite_noise_does_not_count():
    estimates = tf.constant([[1.0 + 2.0j], [complex(np.inf, np.nan)]])
    combined, noise = maximum_ratio_combining(estimates, tf.constant([[0.5], [np.inf]]))
    assert combined.numpy() == [1.0 + 2.0j]
    assert noise.numpy() == [0.5]
