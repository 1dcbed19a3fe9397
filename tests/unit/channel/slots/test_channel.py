# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import GenerateOFDMChannel, cir_to_ofdm_channel
from sionna.phy.ofdm import tdl_freq_cov_mat, tdl_time_cov_mat

from sionna_semcom._seeding import reseed
from sionna_semcom.channel.slots.channel import (
    SlotChannel,
    antenna_row,
    channel_model,
    frequency_response,
)
from sionna_semcom.channel.slots.estimation import measured_covariances, profile_covariances
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link.ofdm import OFDMSettings

GRID = {"fft_size": 12, "num_ofdm_symbols": 4, "pilot_ofdm_symbol_indices": (1,)}
MODELS = [f"{kind}-{profile}" for kind in ("TDL", "CDL") for profile in "ABCDE"]


def slot_channel(**changes):
    settings = OFDMSettings(**GRID | {"csi": "perfect"} | changes)
    return SlotChannel(settings, resource_grid(settings))


@pytest.mark.parametrize(
    ("model", "direction"),
    [(model, "uplink") for model in MODELS]
    + [("CDL-C", "downlink"), ("UMi", "uplink"), ("UMa", "downlink"), ("RMa", "uplink")],
)
def test_every_slot_has_unit_mean_energy(model, direction):
    h = slot_channel(model=model, direction=direction, num_rx_ant=3, pool_size=3)(5)
    assert h.shape == (5, 1, 3, 1, 2, 4, 12)
    energy = tf.reduce_mean(tf.abs(h) ** 2, axis=[1, 2, 3, 4, 5, 6])
    np.testing.assert_allclose(energy, 1.0, rtol=1e-5)


def test_frequency_response_is_that_of_sionna(compiled):
    rng = np.random.default_rng(1)
    a = rng.standard_normal([3, 2, 2, 1, 3, 5, 4, 2]) @ [1, 1j]
    tau = rng.uniform(0, 1e-6, [3, 2, 1, 5])
    frequencies = 15e3 * np.arange(-6.0, 6.0)
    inputs = [
        tf.constant(a, tf.complex64),
        *(tf.constant(x, tf.float32) for x in (tau, frequencies)),
    ]
    expected = cir_to_ofdm_channel(frequencies, tf.constant(a), tf.constant(tau), normalize=True)
    np.testing.assert_allclose(compiled(frequency_response)(*inputs), expected, atol=1e-5)


def test_a_slot_without_a_path_stays_empty():
    a, tau = tf.zeros([1, 1, 1, 1, 1, 2, 4], tf.complex64), tf.zeros([1, 1, 1, 2])
    assert not np.any(frequency_response(a, tau, tf.zeros([6])))


@pytest.mark.parametrize("model", ["TDL-D", "CDL-C", "CDL-D"])
def test_draws_the_channels_that_sionna_generates(model):
    settings = OFDMSettings(**GRID, model=model)
    grid = resource_grid(settings)
    generate = GenerateOFDMChannel(channel_model(settings), grid, normalize_channel=True)
    channel = SlotChannel(settings, grid)
    reseed("draw")
    expected = generate(3)
    reseed("draw")
    np.testing.assert_allclose(channel(3), expected, atol=1e-5)


@pytest.mark.parametrize(("num_ant", "polarizations"), [(1, 1), (2, 2), (3, 1), (8, 2)])
def test_even_rows_are_cross_polarized(num_ant, polarizations):
    row = antenna_row(num_ant, "omni", 3.5e9)
    assert row.num_ant == num_ant
    assert len(np.unique(row.ant_pos.numpy()[:, 1].round(6))) == num_ant // polarizations


def test_pool_is_drawn_once_and_reused():
    channel = slot_channel(pool_size=3)
    pool = channel.pool.numpy()
    drawn = tf.function(channel)(tf.constant(20)).numpy()
    source = [np.argmin(np.abs(pool - slot).sum(axis=(1, 2, 3, 4, 5, 6))) for slot in drawn]
    np.testing.assert_array_equal(drawn, pool[source])
    assert set(source) == {0, 1, 2}


def test_redrawn_pool_reaches_traced_graphs():
    channel = slot_channel(model="UMi", pool_size=2)
    draw = tf.function(channel)
    draw(tf.constant(4))
    before = channel.pool.numpy()
    channel.redraw()
    after = channel.pool.numpy()
    assert np.abs(after - before).min(axis=0).max() > 0.1
    assert np.all(np.isin(draw(tf.constant(4)).numpy(), after))


def test_pool_larger_than_a_chunk_is_complete():
    pool = slot_channel(model="TDL-A", pool_size=70, num_tx_ant=1, num_rx_ant=1).pool.numpy()
    assert len(np.unique(pool[:, 0, 0, 0, 0, 0, 0])) == 70


def test_fresh_draws_differ():
    h = slot_channel(model="TDL-A")(2).numpy()
    assert np.abs(h[0] - h[1]).max() > 0.1


def test_profile_covariances_are_those_of_sionna_on_the_subcarriers_in_use():
    settings = OFDMSettings(**GRID, num_guard_carriers=(1, 2), dc_null=True, speed=30.0)
    grid = resource_grid(settings)
    time, frequency = profile_covariances(settings, grid)
    expected = tdl_time_cov_mat("C", 30.0, 3.5e9, grid.ofdm_symbol_duration, 4)
    np.testing.assert_allclose(time, expected, atol=1e-6)
    used = [1, 2, 3, 4, 5, 7, 8, 9]
    expected = tdl_freq_cov_mat("C", 30e3, 12, 100e-9).numpy()[np.ix_(used, used)]
    np.testing.assert_allclose(frequency, expected, atol=1e-6)


def test_measured_covariances_find_those_of_the_profile():
    changes = {"model": "TDL-C", "speed": 270.0, "delay_spread": 300e-9, "fft_size": 24}
    settings = OFDMSettings(**GRID | changes)
    grid = resource_grid(settings)
    measured = measured_covariances(SlotChannel(settings, grid)(500))
    for estimate, exact in zip(measured, profile_covariances(settings, grid), strict=True):
        np.testing.assert_allclose(estimate, exact, atol=0.05)
