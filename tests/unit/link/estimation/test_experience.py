# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.link.estimation.experience import (
    CHUNK,
    FIRST_SLOTS,
    MAX_SEEN,
    Experience,
    Slots,
    WithInterference,
    seen_count,
    slots_of,
)


def drawn_slots(asked):
    """Draw a number of slots, or stored rows, which are identified by their first antenna."""
    if not isinstance(asked, int):
        return tf.cast(asked, tf.complex64)
    return complex_normal([asked])


def send(numbers, no):
    shape = [tf.shape(numbers)[0], 1, 1, 2, 4]
    y = tf.broadcast_to(tf.reshape(numbers, [-1, 1, 1, 1, 1]), shape)
    return Slots(y[:, 0], y, y[:, :, :, tf.newaxis], tf.constant([1.0, 2.0, 3.0, 4.0]))


def numbers_of(experience):
    return np.concatenate([slots.y[:, 0, 0, 0, 0] for slots in experience.at(20.0)])


def test_slots_are_always_the_same():
    first, second = (numbers_of(Experience(drawn_slots, send, 100, None)) for _ in range(2))
    assert len(first) == 4 * CHUNK
    assert len(np.unique(first)) == len(first)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("num_kept", "count"), [(500, 200), (150, 150), (10, 130)])
def test_slots_that_are_kept_are_seen_evenly(num_kept, count):
    found = numbers_of(Experience(drawn_slots, send, 200, num_kept)).real.astype(int)
    assert len(found) == count >= FIRST_SLOTS
    values, times = np.unique(found, return_counts=True)
    assert len(np.unique(times)) == 1
    assert (values[0], values[-1]) == (0, num_kept - 1)
    assert np.max(np.diff(values)) <= np.ceil(num_kept / min(num_kept, 200))


@pytest.mark.parametrize(("spread", "most"), [(0.05, FIRST_SLOTS), (3.0, 4 * FIRST_SLOTS)])
def test_as_many_slots_are_seen_as_a_mean_needs(spread, most):
    """Sampling stops at a standard error of 0.01 for a known deviation between slots."""
    experience = Experience(drawn_slots, send, 4 * FIRST_SLOTS, None)

    def receive(slots, estimate, no):
        return estimate + no * spread * tf.math.real(slots.y[:, 0, :, 0])  # deviation 2^-0.5

    found = experience.error_ratio(receive)(7.0, 0.0)
    assert found.shape[0] == most
    assert np.mean(found) == pytest.approx(7.0, abs=0.5)


@pytest.mark.parametrize("follows_noise", [False, True])
def test_slots_are_sent_again_where_precoders_follow_the_noise(follows_noise):
    def heard(numbers, no):
        slots = send(numbers, no)
        return slots._replace(left=tf.fill([4], tf.cast(no, tf.float32)))

    experience = Experience(drawn_slots, heard, CHUNK, None, follows_noise)
    seen = {snr_db: list(experience.at(snr_db)) for snr_db in (20.0, 0.0, 20.0)}
    np.testing.assert_array_equal(seen[0.0][0].y, seen[20.0][0].y)  # the same channels
    noise = [1.0, 0.01] if follows_noise else [0.01, 0.01]
    np.testing.assert_allclose([seen[x][0].left[0] for x in (0.0, 20.0)], noise, rtol=1e-5)


def test_interference_is_that_of_the_subcarriers_in_use():
    experience = Experience(drawn_slots, send, 200, None)
    np.testing.assert_allclose(experience.interference(np.array([1, 3])), [2.0, 4.0])


def test_interference_is_noise_at_the_pilots_and_beside_the_estimate():
    def estimate(y, no):
        return y, no * tf.ones([1, 1, 1, 1, 2, 1, 1])

    learned = WithInterference(estimate, tf.constant([0.1, 0.3]), 2)
    y = tf.zeros([3, 1, 4, 5, 2])
    h_hat, err_var = learned(y, tf.constant(0.05))
    assert h_hat is y
    assert err_var.shape == (1, 1, 1, 1, 2, 1, 2)
    np.testing.assert_allclose(err_var[0, 0, 0, 0, 1, 0], [0.25 + 0.05, 0.25 + 0.15])


def test_slots_are_seen_in_unit_energy():
    x, h = complex_normal([2, 1, 2, 3, 4]), complex_normal([2, 1, 2, 1, 2, 3, 4])
    y = tf.einsum("abstf,aurbstf->aurtf", x, h) + 0.5
    slots = slots_of(x[:, 0], x, 3.0 * y, 3.0 * h, tf.constant([9.0, 9.0]))
    np.testing.assert_allclose(slots.h, h, rtol=1e-5)
    np.testing.assert_allclose(slots.left, 0.25, rtol=1e-4)


def test_fewer_slots_are_seen_of_large_grids():
    assert seen_count(1000, 2048) == 2048
    assert seen_count(MAX_SEEN // 100) == 100
    assert seen_count(MAX_SEEN) == 32
