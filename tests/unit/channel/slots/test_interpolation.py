# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config
from sionna.phy.ofdm import LSChannelEstimator

from sionna_semcom._seeding import set_seed
from sionna_semcom.channel.slots.channel import SlotChannel
from sionna_semcom.channel.slots.estimation import (
    cluster_covariances,
    cluster_powers,
    ls_estimator,
    measured_covariances,
    profile_covariances,
    statistical_interpolator,
)
from sionna_semcom.channel.slots.interpolation import ChannelStatistics
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link.ofdm import OFDMSettings

METHODS = ["nn", "lin", "lin_time_avg", "lmmse"]
STREAMS, SYMBOLS, CARRIERS, PILOTS = 2, 6, 12, (1, 4)
POWER = np.array([0.7, 0.3])


def chain(method, **changes):
    """Settings, grid, estimator and statistics of a selective channel on a small grid."""
    settings = OFDMSettings(**{
        "interpolation": method, "fft_size": CARRIERS, "num_ofdm_symbols": SYMBOLS,
        "pilot_ofdm_symbol_indices": PILOTS, "speed": 200.0, "delay_spread": 800e-9,
    } | changes)  # fmt: skip
    grid = resource_grid(settings)
    statistics = ChannelStatistics(*profile_covariances(settings, grid), POWER)
    known = statistics if settings.knows_statistics else None
    return (
        settings,
        grid,
        ls_estimator(settings, grid, statistical_interpolator(settings, grid, known)),
        statistics,
    )


def draw(statistics, slots, rng):
    """Gaussian channels [slots, 1, 1, 1, streams, T, F] with these statistics."""

    def root(covariance):
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))

    shape = [slots, STREAMS, len(statistics.time), len(statistics.frequency)]
    white = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / 2**0.5
    h = root(statistics.time) @ white @ root(statistics.frequency).T
    h *= np.sqrt(statistics.power)[:, np.newaxis, np.newaxis]
    return h[:, np.newaxis, np.newaxis, np.newaxis]


def receive(grid, h, no, rng):
    """Received grid [slots, 1, 1, T, F] of the pilots over ``h``."""
    mask, pilots = grid.pilot_pattern.mask.numpy(), grid.pilot_pattern.pilots.numpy()
    sent = np.zeros(mask.shape, complex)
    sent[mask == 1] = pilots.reshape(-1)
    y = np.sum(h[:, :, :, 0] * sent[0], axis=3)
    noise = rng.standard_normal(y.shape) + 1j * rng.standard_normal(y.shape)
    return tf.constant(y + noise * np.sqrt(no / 2), tf.complex64)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("no", [1.0, 0.01])
def test_error_variance_is_the_measured_error_on_every_element(method, no):
    rng = np.random.default_rng(1)
    _, grid, estimate, statistics = chain(method)
    h = draw(statistics, 4000, rng)
    h_hat, err_var = estimate(receive(grid, h, no, rng), tf.constant(no))
    measured = np.mean(np.abs(h_hat.numpy() - h) ** 2, axis=0)
    np.testing.assert_allclose(measured, err_var.numpy()[0], rtol=0.12)
    np.testing.assert_allclose(measured.mean(), err_var.numpy().mean(), rtol=0.02)


@pytest.mark.parametrize("method", METHODS)
def test_error_is_uncorrelated_with_the_estimate(method):
    rng = np.random.default_rng(1)
    _, grid, estimate, statistics = chain(method)
    h = draw(statistics, 4000, rng)
    h_hat = estimate(receive(grid, h, 1.0, rng), tf.constant(1.0))[0].numpy()
    correlation = np.mean((h - h_hat) * h_hat.conj(), axis=0)
    assert np.abs(correlation).max() < 0.03


@pytest.mark.parametrize("method", METHODS[:3])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pilot_ofdm_symbol_indices": (2,)},
        {"fft_size": 16, "num_guard_carriers": (2, 1), "dc_null": True},
        {"fft_size": 2, "cyclic_prefix_length": 2},
    ],
)
def test_estimate_of_a_constant_channel_is_sionnas(method, changes):
    """A constant channel needs no correction, so that Sionna's weights are unchanged."""
    changes = {"speed": 0.0, "delay_spread": 0.0} | changes
    settings, grid, estimate, _ = chain(method, **changes)
    y = tf.complex(*tf.random.normal([2, 3, 1, 2, SYMBOLS, settings.fft_size]))
    sionna = LSChannelEstimator(grid, interpolation_type=method)
    h_hat, _ = estimate(y, tf.constant(0.0))
    np.testing.assert_allclose(h_hat, sionna(y, tf.constant(0.0))[0], atol=1e-5)


@pytest.mark.parametrize("no", [1.0, 0.01])
def test_lmmse_is_the_dense_solution(no):
    _, grid, estimate, statistics = chain("lmmse")
    rng = np.random.default_rng(1)
    y = receive(grid, draw(statistics, 2, rng), no, rng)
    h_hat, err_var = estimate(y, tf.constant(no))
    at_pilots, _ = LSChannelEstimator(grid, interpolation_type=None)(y, tf.constant(no))
    covariance = np.kron(statistics.time, statistics.frequency)
    for stream, power in enumerate(POWER):
        carriers = np.arange(stream, CARRIERS, STREAMS)
        own = np.concatenate([symbol * CARRIERS + carriers for symbol in PILOTS])
        comb = np.concatenate([i * CARRIERS + carriers for i in range(len(PILOTS))])
        noisy = power * covariance[np.ix_(own, own)] + no / STREAMS * np.eye(len(own))
        weights = np.linalg.solve(noisy, power * covariance[own]).conj().T
        expected = at_pilots.numpy()[:, 0, 0, 0, stream][:, comb] @ weights.T
        got = h_hat.numpy()[:, 0, 0, 0, stream].reshape(2, -1)
        np.testing.assert_allclose(got, expected, atol=1e-4)
        left = power - np.sum(weights * power * covariance[:, own].conj(), axis=-1).real
        np.testing.assert_allclose(err_var.numpy()[0, 0, 0, 0, stream].ravel(), left, atol=1e-4)


def test_lmmse_errs_least():
    errors = {method: float(np.mean(chain(method)[2](
        tf.zeros([1, 1, 1, SYMBOLS, CARRIERS], tf.complex64), tf.constant(0.3))[1]))
        for method in METHODS}  # fmt: skip
    assert errors["lmmse"] < 0.9 * min(errors[method] for method in METHODS[:3])


def test_each_slot_has_the_error_of_its_own_noise():
    _, _, estimate, _ = chain("lmmse")
    y = tf.complex(*tf.random.normal([2, 2, 1, 1, SYMBOLS, CARRIERS]))
    both = estimate(y, tf.constant([0.1, 2.0]))
    for slot, no in enumerate([0.1, 2.0]):
        h_hat, err_var = estimate(y, tf.constant(no))
        np.testing.assert_allclose(both[0][slot], h_hat[slot], atol=1e-5)
        np.testing.assert_allclose(both[1][slot], err_var[0], atol=1e-5)


@pytest.mark.parametrize("method", METHODS[:3])
def test_without_statistics_the_estimator_is_sionnas(method):
    _, grid, estimate, _ = chain(method, statistics="none")
    y = tf.complex(*tf.random.normal([2, 3, 1, 2, SYMBOLS, CARRIERS]))
    expected = LSChannelEstimator(grid, interpolation_type=method)(y, tf.constant(0.1))
    for ours, theirs in zip(estimate(y, tf.constant(0.1)), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
@pytest.mark.parametrize("model", ["CDL-A", "CDL-D"])
def test_covariances_of_cdl_are_those_of_its_channels(model, direction):
    """Velocities have three dimensions, and antenna patterns weight the clusters."""
    settings = OFDMSettings(
        model=model, direction=direction, speed=100.0, fft_size=24, delay_spread=300e-9,
        num_tx_ant=2, num_rx_ant=2, csi="perfect",
    )  # fmt: skip
    grid = resource_grid(settings)
    time, frequency = cluster_covariances(settings, grid)
    measured_time, measured_frequency = measured_covariances(SlotChannel(settings, grid)(768))
    np.testing.assert_allclose(measured_time, time, atol=0.12)
    np.testing.assert_allclose(measured_frequency, frequency, atol=0.06)


def test_covariances_draw_from_no_random_numbers_of_others():
    settings = OFDMSettings(model="CDL-B")
    set_seed("before")
    expected = config.tf_rng.normal([3])
    set_seed("before")
    cluster_powers.cache_clear()
    cluster_covariances(settings, resource_grid(settings))
    np.testing.assert_array_equal(config.tf_rng.normal([3]), expected)
