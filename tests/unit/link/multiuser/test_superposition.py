# SPDX-License-Identifier: Apache-2.0
"""Over-the-air computation compared with NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.link.multiuser.superposition import (
    aligned,
    combining_vector,
    correlation_root,
    meeting_phases,
    mmse_of_mean,
    received_mean,
)


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_the_root_is_that_of_equal_correlations(correlation):
    root = correlation_root(correlation, 4)
    expected = (1 - correlation) * np.eye(4) + correlation * np.ones([4, 4])
    np.testing.assert_allclose(root @ root, expected, atol=1e-12)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
@pytest.mark.parametrize("antennas", [1, 4])
def test_the_mean_is_estimated_as_numpy_does_it(correlation, antennas):
    """LMMSE estimate of s = 1'x/N from covariances, scaled so that E[s_hat s*] = E|s|^2."""
    h, y = complex_normal([20, antennas, 3]), complex_normal([20, antennas])
    noise = tf.random.uniform([20], 0.1, 2.0)
    mean, no_eff = mmse_of_mean(y, h, noise, correlation)
    covariance = (1 - correlation) * np.eye(3) + correlation * np.ones([3, 3])
    ones = np.full(3, 1 / 3)
    for row in range(20):
        channel = h[row].numpy().astype(complex)
        received = channel @ covariance @ channel.conj().T + noise[row].numpy() * np.eye(antennas)
        weights = np.linalg.solve(received, channel @ covariance @ ones)
        power = ones @ covariance @ ones
        share = (weights.conj() @ channel @ covariance @ ones).real / power
        assert mean[row].numpy() == pytest.approx(weights.conj() @ y[row].numpy() / share, rel=1e-3)
        assert no_eff[row].numpy() == pytest.approx(power * (1 - share) / share, rel=2e-3)


def test_the_combining_vector_is_the_principal_direction():
    h = complex_normal([10, 4, 3]).numpy()
    vector = combining_vector(tf.constant(h)).numpy()
    directions = h / np.linalg.norm(h, axis=1, keepdims=True)
    gram = directions @ directions.conj().swapaxes(1, 2)
    reached = np.einsum("bi,bij,bj->b", vector.conj(), gram, vector).real
    np.testing.assert_allclose(reached, np.linalg.eigvalsh(gram)[:, -1], rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(vector, axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("antennas", [1, 4])
def test_no_phases_on_a_grid_bring_more_energy(antennas):
    h = complex_normal([20, antennas, 3]).numpy()
    phases = meeting_phases(tf.constant(h)).numpy()
    np.testing.assert_allclose(np.abs(phases), 1.0, rtol=1e-5)
    found = np.sum(np.abs(np.einsum("bmk,bk->bm", h, phases)) ** 2, axis=1)
    turns = np.exp(2j * np.pi * np.arange(90) / 90)
    grid = np.stack(np.broadcast_arrays(1.0, turns[:, None], turns), -1).reshape(-1, 3)
    best = np.sum(np.abs(np.einsum("bmk,gk->bgm", h, grid)) ** 2, axis=2).max(axis=1)
    assert np.mean(found > 0.999 * best) > 0.9  # a few stop at a local maximum
    assert np.all(found > 0.9 * best)
    if antennas == 1:
        np.testing.assert_allclose(found, np.sum(np.abs(h[:, 0]), axis=1) ** 2, rtol=1e-4)


def test_devices_without_a_channel_have_a_phase_of_one():
    np.testing.assert_array_equal(meeting_phases(tf.zeros([2, 1, 3], tf.complex64)), 1.0)


@pytest.mark.parametrize("antennas", [1, 4])
def test_devices_meet_in_phase_within_their_power(antennas):
    h = complex_normal([30, 50, antennas, 3])
    channel = aligned(h, h, tf.zeros([1, 1, 1]), 0.2)
    active, eta = channel.active.numpy(), channel.amplitude.numpy()
    arrived = channel.gains.numpy()
    np.testing.assert_allclose(arrived, active * eta[..., np.newaxis], rtol=1e-3, atol=1e-5)
    vector = combining_vector(h).numpy()
    gain = np.abs(np.einsum("snm,snmk->snk", vector.conj(), h.numpy())) ** 2
    np.testing.assert_array_equal(active, gain >= 0.2)
    sent = np.mean(active * eta[..., np.newaxis] ** 2 / gain, axis=1)
    assert sent.max() <= 1 / 3 * 1.001
    np.testing.assert_allclose(sent.max(axis=1), 1 / 3, rtol=1e-3)  # full power of the weakest


def test_errors_of_what_devices_know_are_noise():
    """The error is independent of the estimate, as for LMMSE estimates."""
    h_hat = complex_normal([400, 40, 1, 3])
    h = h_hat + 0.3 * complex_normal([400, 40, 1, 3])
    x, no = complex_normal([400, 40, 3]), tf.constant(0.2)
    channel = aligned(h, h_hat, tf.constant([[[0.09]]]), 0.3)
    noise = 0.2**0.5 * complex_normal([400, 40])
    mean, no_eff = received_mean(x, noise, no, channel)
    count = tf.reduce_sum(channel.active, -1)
    wanted = tf.reduce_sum(tf.cast(channel.active, x.dtype) * x, -1) / tf.cast(count, x.dtype)
    some = count.numpy() > 0
    ratio = (np.abs(mean - wanted) ** 2 / no_eff)[some]
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.03)


def test_where_all_devices_are_silent_the_mean_itself_is_missing():
    h = tf.fill([1, 2, 1, 3], tf.constant(0.1, tf.complex64))
    channel = aligned(h, h, tf.zeros([1, 1, 1]), 0.5)
    _, no_eff = received_mean(tf.ones([1, 2, 3], tf.complex64), h[..., 0, 0], 0.0, channel)
    np.testing.assert_allclose(no_eff, 1.0)
