# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ApplyTimeChannel, cir_to_time_channel
from sionna.phy.ofdm import OFDMDemodulator, OFDMModulator
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel.slots.channel import SlotChannel, received
from sionna_semcom.channel.slots.interference import interference_floor
from sionna_semcom.channel.slots.path_channel import PathChannel
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.channel.slots.time_channel import TimeChannel
from sionna_semcom.link.ofdm import OFDMSettings

SMALL = {"fft_size": 24, "num_ofdm_symbols": 5, "pilot_ofdm_symbol_indices": (1,)}
FAST = {"model": "TDL-C", "speed": 100.0, "carrier_frequency": 20e9, "delay_spread": 1.5e-6}


def build(**changes):
    settings = OFDMSettings(**SMALL | {"domain": "time", "csi": "perfect"} | changes)
    paths = PathChannel(settings, resource_grid(settings))
    return settings, paths, TimeChannel(settings, paths.max_delay)


def sionna_chain(x, a, tau, channel):
    """The middle one of three repetitions of a slot after Sionna's blocks."""
    sizes, lags = channel.waveform, channel._lags
    outside = sizes.fft_size - x.shape[-1] - sizes.first
    wide = tf.pad(x, [[0, 0]] * 4 + [[sizes.first, outside]])
    sent = tf.tile(OFDMModulator(sizes.prefix)(wide), [1, 1, 1, 3])
    at = np.arange(sent.shape[-1] + len(lags) - 1) + lags[0] - sizes.samples
    slot_samples = np.clip(at, 0, sizes.samples - 1)
    every = tf.constant(sizes.weights(slot_samples).T, a.dtype)  # coefficients at each sample
    taps = cir_to_time_channel(sizes.bandwidth, tf.matmul(a, every), tau, lags[0], lags[-1])
    y = ApplyTimeChannel(sent.shape[-1], len(lags))(sent, taps)
    first = sizes.samples - lags[0] - sizes.advance
    y = y[..., first : first + sizes.samples]
    grid = OFDMDemodulator(sizes.fft_size, -sizes.advance, sizes.prefix)(y)
    return grid[..., sizes.first : sizes.first + x.shape[-1]]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        FAST,
        {**FAST, "oversampling": 1, "window_advance": 0},
        {"model": "CDL-C", "oversampling": 3, "window_advance": 4, "fft_size": 25},
    ],
)
def test_a_slot_arrives_as_through_sionnas_blocks(changes):
    _, paths, channel = build(num_tx_ant=2, num_rx_ant=3, num_streams=1, **changes)
    a, tau = paths.paths(3)
    x = complex_normal([3, 1, 2, 5, channel._carriers])
    expected = sionna_chain(x, a, tau, channel)
    np.testing.assert_allclose(channel.send(x, channel.of_paths(a, tau).taps), expected, atol=2e-5)


@pytest.mark.parametrize("changes", [{}, FAST, {**FAST, "window_advance": 4}])
def test_what_a_resource_element_is_to_itself(changes):
    """A single transmitted element is received at its position with this factor."""
    _, paths, channel = build(num_tx_ant=1, num_rx_ant=1, num_streams=1, **changes)
    slots = channel(paths, 1)
    elements = np.eye(5 * 24).reshape(120, 1, 1, 5, 24)
    y = channel.send(
        tf.constant(elements, tf.complex64), tf.repeat(slots.taps, 120, axis=0)
    ).numpy()
    own = np.diagonal(y.reshape(120, 120)).reshape(5, 24)
    np.testing.assert_allclose(slots.h[0, 0, 0, 0, 0], own, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"delay_spread": 600e-9},  # delays beyond the prefix of 2.8 us
        {"delay_spread": 1e-6},
        {"speed": 60.0, "carrier_frequency": 10e9},
        {"speed": 40.0, "carrier_frequency": 28e9},
        {"delay_spread": 1e-6, "speed": 60.0, "carrier_frequency": 6e9},
    ],
)
def test_interference_is_the_floor_that_the_frequency_domain_reports(changes):
    """Closed forms for a window at the end of the prefix."""
    chosen = {"model": "TDL-C", "delay_spread": 30e-9, "fft_size": 72, **changes}
    settings, paths, channel = build(window_advance=0, **chosen)
    taps, h = channel(paths, 100)
    x = complex_normal([100, 1, 2, 5, 72])
    left = np.abs(channel.send(x, taps) - received(x, h)) ** 2
    explained = np.abs(received(x, h)) ** 2
    found = 10 * np.log10(np.mean(left) / (np.mean(left) + np.mean(explained)))
    assert found == pytest.approx(interference_floor(settings).db, abs=0.6)


@pytest.mark.parametrize("model", ["TDL-C", "CDL-D", "UMi"])
def test_slots_are_those_of_the_frequency_domain(model):
    """Equal up to the truncation of the taps to six samples at both ends."""
    chosen = {"model": model, "delay_spread": 50e-9, "csi": "perfect", "fft_size": 24}
    drawn = []
    for domain, kind in (("frequency", SlotChannel), ("time", PathChannel)):
        settings = OFDMSettings(**chosen, domain=domain, pool_size=16 if model == "UMi" else None)
        reseed("slots", model)
        channel = kind(settings, resource_grid(settings))
        drawn.append(channel(20))
        np.testing.assert_allclose(np.mean(np.abs(drawn[-1]) ** 2), 1.0, rtol=1e-4)
    np.testing.assert_allclose(drawn[1], drawn[0], atol=2e-3)
    reseed("slots", model)
    channel = PathChannel(settings, resource_grid(settings))
    if model != "UMi":  # some drops have paths beyond the prefix
        h = TimeChannel(settings, channel.max_delay)(channel, 20).h
        assert np.mean(np.abs(h - drawn[0]) ** 2) < 1e-3


def test_a_pool_is_drawn_once_and_redrawn():
    _, paths, _ = build(model="UMi", pool_size=5)
    rows = tf.range(5)
    before = paths.kept_paths(rows)
    assert paths.num_kept == 5
    np.testing.assert_array_equal(before[0], paths.kept_paths(rows)[0])
    graph = tf.function(lambda: paths.kept_paths(rows)[1])
    graph()
    paths.redraw()
    assert not np.allclose(graph(), before[1])
    assert np.isfinite(paths.pool).all()
    assert paths.max_delay == pytest.approx(float(np.max(graph())))
    energies = np.mean(np.abs(paths.pool) ** 2, axis=(1, 2, 3, 4, 5, 6))
    np.testing.assert_allclose(energies, 1.0, atol=0.3)  # the weakest paths may be left out
    assert paths.seen().shape[0] == 5
    assert paths.interference.db == -np.inf


def test_a_function_of_frequency_responses_is_refused():
    *_, channel = build()
    with pytest.raises(ValueError, match=r"must be a source of paths, .* Received: function"):
        channel(lambda num_slots: num_slots, 3)
