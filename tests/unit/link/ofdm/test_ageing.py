# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link.ofdm.ageing import (
    AgedEstimate,
    OldChannel,
    ages,
    error_shares,
    known_in_units,
    precoded,
    relative_change,
)

SYMBOLS = 4


def turning(shifts, symbols, size=(2, 3)):
    """Channels of one path each, which turns by a phase from one OFDM symbol to the next."""
    phases = np.asarray(shifts)[:, np.newaxis] * np.arange(symbols)
    h = np.exp(1j * phases)[:, np.newaxis, np.newaxis, np.newaxis, np.newaxis, :, np.newaxis]
    return tf.constant(np.broadcast_to(h, [len(shifts), 1, size[0], 1, size[1], symbols, 5]))


@pytest.mark.parametrize(("delay", "lag"), [(1, 1), (2, 2), (14, SYMBOLS - 1)])
def test_the_change_of_a_path_is_that_of_its_phase(delay, lag):
    shifts = np.array([0.0, 0.1, 0.7])
    change = relative_change(3.0 * turning(shifts, SYMBOLS), delay)
    np.testing.assert_allclose(change, 2.0 - 2.0 * np.cos(shifts * lag), atol=1e-12)


def test_a_slot_of_one_symbol_shows_no_change():
    np.testing.assert_array_equal(relative_change(turning([0.3, 0.5], 1), 7), 0.0)


def test_the_share_of_an_error_is_that_of_its_linear_part():
    draw = np.random.default_rng(1)
    change = draw.exponential(0.2, 5000)
    parts = np.array([[0.3, 1.0], [0.0, 2.0], [0.4, 0.0], [0.3, -1.0]])  # constant, slope
    errors = (parts[:, :1] + parts[:, 1:] * change).T + 0.01 * draw.normal(size=[5000, 4])
    linear = parts[:, 1] * np.mean(change)
    expected = np.clip(linear / (parts[:, 0] + linear), 0.0, 1.0)
    np.testing.assert_allclose(error_shares(errors, change), expected, atol=0.01)


def test_slots_that_change_more_have_the_error_that_they_make():
    """Of a path alone, the squared error is proportional to the change, if that of c is small."""
    delay, shifts = SYMBOLS - 1, np.random.default_rng(2).uniform(-0.2, 0.2, 400)
    h = turning(shifts, SYMBOLS + delay)
    now, known = precoded(lambda h, no, old=None: h, h, tf.constant(0.1), delay)
    estimate = AgedEstimate(now, known, lambda h: h, "double")
    h_hat, variance = estimate(known, tf.constant(0.1))
    error = np.mean(np.abs(h_hat - now) ** 2, axis=(1, 2, 3, 5, 6))
    assert variance.shape == (400, 1, 1, 1, 3, 1, 1)
    np.testing.assert_allclose(np.mean(variance), np.mean(error), rtol=1e-4)
    fast = np.abs(shifts) > 0.15
    ratio = np.mean(error[fast]) / np.mean(variance[fast])
    assert ratio == pytest.approx(1.0, abs=0.1)  # 1.9 with the mean of all slots
    assert np.mean(error[fast]) > 1.8 * np.mean(error)


def test_without_a_delay_the_channel_itself_is_known():
    h = turning([0.1, 0.2], SYMBOLS)
    now, known = precoded(lambda h, no: 2.0 * h, h, tf.constant(0.1), 0)
    assert now is known
    assert ages(h, 0)[0] is h


def test_the_unit_of_a_channel_does_not_change_what_its_slots_show():
    known = OldChannel(turning([0.1, 0.2], SYMBOLS), tf.constant([0.3, 0.4]))
    scaled = known_in_units(known, tf.constant([2.0, 4.0]))
    np.testing.assert_allclose(np.abs(scaled.h[:, 0, 0, 0, 0, 0, 0]), [0.5, 0.25])
    assert scaled.change is known.change
