# SPDX-License-Identifier: Apache-2.0
"""Neglected interference against simulations in the time domain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j0

from sionna_semcom.channel import OFDMMIMOChannel
from sionna_semcom.channel.slots.channel import SlotChannel
from sionna_semcom.channel.slots.interference import (
    delay_interference,
    doppler_interference,
    interference_floor,
    interference_notes,
    power_delay_profile,
    study_notes,
)
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.link import AWGNLink, EffectiveAWGNLink, OFDMLink, RetransmissionLink
from sionna_semcom.link.ofdm.settings import OFDMSettings

SIZE, PREFIX = 64, 8


def perfect(**settings):
    return OFDMLink(csi="perfect", **settings)


@pytest.mark.parametrize("doppler_time", [1e-3, 0.0159, 0.016, 0.1, 1.0, 20.0])
def test_doppler_interference_is_the_integral_of_jakes_correlation(doppler_time):
    def lost(t):
        return 2 * (1 - t) * (1 - j0(2 * np.pi * doppler_time * t))

    expected, _ = quad(lost, 0, 1, limit=500, epsabs=1e-12)
    assert doppler_interference(doppler_time) == pytest.approx(expected, rel=1e-4)


def test_no_doppler_no_interference():
    assert doppler_interference(0.0) == 0.0
    assert perfect(speed=0.0).interference_floor_db == -math.inf


def test_doppler_interference_is_that_of_a_simulation():
    """Sample-by-sample simulation of one OFDM symbol over a flat channel with Jakes' spectrum."""
    rng, doppler_time = np.random.default_rng(1), 0.1
    shifts = doppler_time * np.cos(2 * np.pi * rng.random([4000, 32]))
    phases = 2 * np.pi * rng.random(shifts.shape)
    times = np.arange(SIZE) / SIZE
    h = np.mean(np.exp(2j * np.pi * shifts[..., None] * times + 1j * phases[..., None]), axis=1)
    spectrum = np.fft.fft(h, axis=-1) / SIZE
    leaked = np.sum(np.abs(spectrum[:, 1:]) ** 2) / np.sum(np.abs(spectrum) ** 2)
    assert doppler_interference(doppler_time) == pytest.approx(leaked, rel=0.05)


@pytest.mark.parametrize("delay", [0, PREFIX, PREFIX + 1, 20, 60, PREFIX + SIZE, 100])
def test_delay_interference_is_that_of_a_simulation(delay):
    """Random OFDM symbols over one path. The receiver knows the useful part."""
    rng = np.random.default_rng(1)
    x = (rng.choice([-1, 1], [400, SIZE]) + 1j * rng.choice([-1, 1], [400, SIZE])) / 2**0.5
    time = np.fft.ifft(x, axis=-1) * SIZE**0.5
    sent = np.concatenate([time[:, -PREFIX:], time], axis=-1).ravel()
    received = np.concatenate([np.zeros(delay), sent])[: sent.size].reshape(len(x), -1)
    y = np.fft.fft(received[5:, PREFIX:], axis=-1) / SIZE**0.5
    useful = np.mean(y * x[5:].conj(), axis=0)
    error = np.mean(np.abs(y - useful * x[5:]) ** 2)
    predicted = delay_interference(np.array([delay]), np.ones(1), PREFIX, SIZE)
    assert predicted == pytest.approx(error, rel=0.03, abs=1e-9)


def test_published_cases():
    """28 GHz at 30 m/s, and TDL-A with paths up to 9.7 us after a prefix of 2.8 us."""
    fast = perfect(model="TDL-A", carrier_frequency=28e9, speed=30.0, delay_spread=0.0)
    assert fast.interference_floor_db == pytest.approx(-18.4, abs=0.1)
    long = perfect(model="TDL-A", delay_spread=1e-6, speed=0.0)
    assert long.interference_floor_db == pytest.approx(-23.5, abs=0.05)


@pytest.mark.parametrize("model", ["TDL-A", "TDL-D", "CDL-C", "CDL-E"])
def test_profiles_are_normalized_by_their_rms_delay_spread(model):
    delays, powers = power_delay_profile(model)
    powers = powers / powers.sum()
    spread = np.sqrt(powers @ delays**2 - (powers @ delays) ** 2)
    assert spread == pytest.approx(1.0, abs=0.03)


def test_the_longest_path_matters_and_not_the_rms_alone():
    inside = OFDMSettings(model="CDL-C", speed=0.0, delay_spread=320e-9)  # 8.65 times it: 2.77 us
    behind = OFDMSettings(model="CDL-C", speed=0.0, delay_spread=330e-9)
    assert interference_floor(inside).db == -math.inf
    assert -80.0 < interference_floor(behind).db < -40.0


def test_doppler_and_delay_add():
    floor = interference_floor(OFDMSettings(model="TDL-A", delay_spread=1e-6, speed=100.0))
    assert floor.db == pytest.approx(10 * np.log10(floor.doppler + floor.delay))
    assert min(floor) > 0


def test_drops_of_a_pool_have_energy_behind_the_prefix():
    settings = OFDMSettings(
        model="UMa", csi="perfect", pool_size=128, num_tx_ant=1, num_rx_ant=1, speed=0.0
    )
    channel = SlotChannel(settings, resource_grid(settings))
    drops = np.concatenate(channel.drop_interference)
    assert drops.shape == (128,)
    assert 0.08 < np.mean(drops > 0) < 0.35
    assert np.all((drops >= 0) & (drops < 1))
    expected = 10 * np.log10(np.mean(drops))
    assert interference_floor(settings, channel.drop_interference).db == pytest.approx(expected)
    channel.redraw()
    assert np.concatenate(channel.drop_interference).shape == (128,)


def test_links_and_mimo_channels_show_their_floor():
    settings = {"model": "TDL-C", "speed": 20.0, "num_tx_ant": 2, "num_rx_ant": 2}
    link = perfect(**settings)
    channel = OFDMMIMOChannel(csi="perfect", **settings)
    assert channel.interference_floor_db == link.interference_floor_db
    text = f"at {link.interference_floor_db:.1f} dB of the signal"
    assert text in link.summary()
    assert text in channel.summary()
    assert link.settings.array_gain_db == pytest.approx(3.01, abs=0.01)
    assert channel.settings.array_gain_db == pytest.approx(6.02, abs=0.01)


def test_studies_are_told_where_the_floor_matters():
    link = perfect(model="TDL-A", delay_spread=1e-6, speed=0.0)  # -23.5 dB, four antennas
    (line,) = interference_notes("tdl", link, [0.0, 7.4])
    assert line == "Link tdl: interference left out by the model at -23.5 dB of the signal"
    once = EffectiveAWGNLink(link)
    for wrapped in (link, once, RetransmissionLink(once)):
        _, warning = interference_notes("tdl", wrapped, [0.0, 7.6])
        assert "above an SNR of 7.5 dB" in warning
    links = {("tdl", 0): link, ("tdl", 1): link, ("awgn", 0): AWGNLink()}
    assert list(study_notes(links, [0.0])) == [line]
    assert interference_notes("awgn", AWGNLink(), [100.0]) == []
