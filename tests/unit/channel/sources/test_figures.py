# SPDX-License-Identifier: Apache-2.0
"""Statistics of channels against closed forms for two paths."""

from __future__ import annotations

import numpy as np
import pytest

from sionna_semcom.channel import ImpulseResponses
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.channel.sources.figures import path_figures, response_figures
from sionna_semcom.channel.sources.realizations import (
    azimuth_spread,
    realizations,
    write_realizations,
)
from sionna_semcom.link import OFDMSettings

from .channel_files import gaussian

SETTINGS = OFDMSettings(fft_size=64, cyclic_prefix_length=4, csi="perfect")
RNG = np.random.default_rng(2)


def two_paths(distance, num_rows=4000):
    """Responses of two Rayleigh paths of equal power on one OFDM symbol."""
    frequencies = (np.arange(64) - 32) * 30e3
    gains = gaussian(RNG, num_rows, 2)
    return (gains @ np.exp(-2j * np.pi * np.outer([0.0, distance], frequencies)))[:, None]


def test_spread_and_k_factor_of_known_paths():
    powers = np.array([[1.0, 1.0, 0.0], [3.0, 1.0, 0.0], [1.0, 1.0, 2.0]])
    delays = np.array([[0.0, 4e-7, 0.0], [0.0, 4e-7, 0.0], [0.0, 1e-6, 3e-6]])
    figures = path_figures(two_paths(4e-7), powers, delays, SETTINGS, 4e-5)
    # a share p at the distance d has a spread of d times the root of p (1 - p)
    np.testing.assert_allclose(figures.delay_spread[:2], 4e-7 * np.sqrt([0.25, 0.1875]))
    np.testing.assert_allclose(figures.k_factor_db, 10 * np.log10([1.0, 3.0, 1.0]), atol=1e-9)
    # the prefix is 4 / 64 / 30 kHz = 2.08 us: half of the third row comes later, by x = 0.0275
    np.testing.assert_allclose(figures.beyond_prefix, [0.0, 0.0, 0.5])
    x = (3e-6 - 4 / 64 / 30e3) * 30e3
    np.testing.assert_allclose(figures.interference, [0.0, 0.0, 0.5 * (2 * x - x**2)])


def test_coherence_bandwidth_of_two_paths():
    """The correlation is |cos(pi f d)|, which is one half at f = 1 / (3 d)."""
    figures = path_figures(two_paths(1e-6), np.ones([1, 2]), np.zeros([1, 2]), SETTINGS, 4e-5)
    assert figures.coherence_bandwidth == pytest.approx(1 / 3e-6, rel=0.05)
    assert figures.coherence_time == np.inf  # one OFDM symbol


def test_coherence_time_of_two_doppler_shifts():
    times = np.arange(14) * 4e-5
    h = gaussian(RNG, 4000, 2) @ np.exp(2j * np.pi * np.outer([0.0, 2000.0], times))
    figures = response_figures(np.repeat(h[:, :, None], 8, 2), SETTINGS, 4e-5)
    assert figures.coherence_time == pytest.approx(1 / 6e3, rel=0.05)
    assert figures.coherence_bandwidth == np.inf
    assert figures.beyond_prefix is None


def test_delay_spread_and_k_factor_of_responses():
    """Two paths of powers 1 and q: spread d sqrt(q) / (1 + q), and K of a constant and a phasor."""
    q, distance = 0.04, 60e-9
    frequencies = (np.arange(2048) - 1024) * 30e3
    h = 1.0 + np.sqrt(q) * np.exp(-2j * np.pi * frequencies * distance)
    figures = response_figures(h[None, None], SETTINGS, 4e-5)
    assert figures.delay_spread[0] == pytest.approx(distance * np.sqrt(q) / (1 + q), rel=0.03)
    gamma = 2 * q / (1 + q) ** 2  # of the power of a sum of two turning phasors
    k_factor = np.sqrt(1 - gamma) / (1 - np.sqrt(1 - gamma))
    assert figures.k_factor_db[0] == pytest.approx(10 * np.log10(k_factor), abs=0.2)


def test_azimuth_spread_is_that_of_two_directions():
    # |cos(d / 2)| is the length of the mean of two equal directions at a distance d
    spread = azimuth_spread(np.array([[0.1, 0.5], [3.0, -3.0]]), np.ones([2, 2]))
    distances = np.array([0.4, 2 * np.pi - 6.0])
    np.testing.assert_allclose(spread, np.sqrt(-2 * np.log(np.cos(distances / 2))))


@pytest.mark.parametrize(
    ("model", "spreads"),
    [("CDL-C", True), ("TDL-A", False), ("UMi", True)],
)
def test_realizations_are_written_and_read(tmp_path, model, spreads):
    settings = OFDMSettings(model=model, fft_size=12, num_tx_ant=2, num_rx_ant=2)
    grid = resource_grid(settings)
    found = realizations(settings, grid, 70)
    assert found.a.shape[:5] == (70, 1, 2, 1, 2)
    assert found.a.shape[6] == 14
    write_realizations(tmp_path / "x.h5", found, 20000.0)
    source = ImpulseResponses(path=tmp_path / "x.h5")
    slots = source.slots(settings, grid)
    assert slots(3).shape == [3, 1, 2, 1, 2, 14, 12]
    assert (source.paths.angular_spread is not None) == spreads
    assert (source.paths.order is not None) == (model == "UMi")
    if model == "UMi":
        assert len(np.unique(found.position, axis=0)) == 70
        assert np.all(found.position[:, 2] < 0.0)  # terminals are below the base station


def test_arrival_of_the_uplink_is_departure_of_the_downlink():
    up = OFDMSettings(model="CDL-C", fft_size=12, num_tx_ant=2, num_rx_ant=2)
    down = up.model_copy(update={"direction": "downlink"})
    spreads = [realizations(s, resource_grid(s), 1).angular_spread[0] for s in (up, down)]
    np.testing.assert_allclose(spreads[0], spreads[1][::-1])
