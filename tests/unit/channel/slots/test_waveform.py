# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from sionna.phy.channel import time_lag_discrete_time_channel

from sionna_semcom.channel.slots.waveform import STEPS_PER_TURN, waveform
from sionna_semcom.link.ofdm import OFDMSettings


def sizes(**changes):
    small = {"fft_size": 24, "num_ofdm_symbols": 5, "pilot_ofdm_symbol_indices": (1,)}
    return waveform(OFDMSettings(**small | {"domain": "time", "csi": "perfect"} | changes))


def test_the_subcarriers_are_the_middle_ones_of_a_larger_fft():
    """Subcarrier ``n - fft_size // 2`` of a grid is that of the FFT with its zero in the center."""
    for fft_size, times in ((24, 2), (25, 2), (25, 3), (72, 1)):
        found = sizes(fft_size=fft_size, oversampling=times, num_streams=1)
        assert found.fft_size == times * fft_size
        assert found.first - found.fft_size // 2 == -(fft_size // 2)
        assert found.prefix == 6 * times
        assert found.bandwidth == times * fft_size * 30e3


def test_weights_interpolate_linearly():
    """Equal to NumPy's `interp`."""
    found, rng = sizes(), np.random.default_rng(0)
    values = rng.normal(size=found.num_steps)
    at = np.arange(found.num_steps) * found.stride
    samples = np.arange(found.samples)
    np.testing.assert_allclose(
        found.weights(samples) @ values, np.interp(samples, at, values), atol=1e-12
    )
    starts = np.arange(5) * found.symbol
    np.testing.assert_allclose(
        values @ found.at_symbols(), np.interp(starts, at, values), atol=1e-12
    )


def test_what_is_known_once_a_symbol_goes_on_in_straight_lines():
    found = sizes()
    at = np.arange(found.num_steps) * found.stride / found.symbol
    steps = np.array([1.0, 3.0, 2.0, 2.0, 5.0])
    expected = np.where(at <= 4, np.interp(at, np.arange(5), steps), 5.0 + 3.0 * (at - 4.0))
    np.testing.assert_allclose(steps @ found.from_symbols(5), expected)
    np.testing.assert_allclose([2.0] @ found.from_symbols(1), 2.0)


def test_the_channel_is_known_often_enough_for_its_doppler_shift():
    slow, fast = sizes(), sizes(speed=100.0, carrier_frequency=60e9)
    assert slow.step_rate >= 8 * 30e3 * 24 / 30
    assert fast.step_rate >= STEPS_PER_TURN * 100.0 * 60e9 / 299792458.0


@pytest.mark.parametrize("max_delay", [0.0, 1e-6, 1.0])
def test_time_lags_are_those_of_sionna_and_end_with_the_slot(max_delay):
    found = sizes()
    first, last = (int(lag) for lag in time_lag_discrete_time_channel(found.bandwidth, max_delay))
    np.testing.assert_array_equal(
        found.lags(max_delay), np.arange(first, min(last, found.samples) + 1)
    )


def test_a_window_sees_all_of_taps_within_the_prefix_and_less_of_later_ones():
    """By counting: a tap that is ``n`` samples too late has ``n`` of the previous symbol."""
    found = sizes(window_advance=1)
    lags = np.arange(-6, 16)
    shares = found.window_weights(lags).sum(1)
    assert shares.shape == (5, len(lags))
    late = np.maximum(lags - (found.prefix - found.advance), 0)
    early = np.maximum(-lags - found.advance, 0)
    np.testing.assert_allclose(shares, np.tile(1.0 - (late + early) / found.fft_size, [5, 1]))
