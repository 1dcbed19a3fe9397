# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import ChannelModel
from sionna.phy.channel.tr38901 import TDL

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import OFDMMIMOChannel
from sionna_semcom.channel.slots.resource_grid import resource_grid
from sionna_semcom.channel.sources import ModelSource
from sionna_semcom.link.ofdm import OFDMSettings

SMALL = {
    "fft_size": 12, "num_ofdm_symbols": 4, "pilot_ofdm_symbol_indices": (1,), "csi": "perfect",
    "num_tx_ant": 1, "num_rx_ant": 2, "domain": "time",
}  # fmt: skip
DELAYS = np.array([3e-7, 1e-7, -1.0])  # the second path is the first, the third does not exist


class Recorded(ChannelModel):
    """Four channels with one time step per OFDM symbol, like a data set."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def __call__(self, batch_size, num_time_steps, sampling_frequency):
        a = np.arange(1.0, 5.0).reshape(4, 1, 1, 1, 1, 1, 1) * np.arange(1.0, self.steps + 1)
        a = np.broadcast_to(a, [4, 1, 2, 1, 1, 3, self.steps])
        tau = np.broadcast_to(DELAYS, [4, 1, 1, 3])
        return tf.constant(a, tf.complex64), tf.constant(tau, tf.float32)


def slots_of(model, normalize="none", **changes):
    settings = OFDMSettings(**SMALL | changes)
    return ModelSource(model, normalize).slots(settings, resource_grid(settings))


@pytest.mark.parametrize("steps", [1, 4])
def test_channels_of_a_data_set_go_from_symbol_to_symbol(steps):
    slots = slots_of(Recorded(steps), pool_size=4)
    a, tau = slots.kept_paths(tf.constant([2]))
    np.testing.assert_allclose(tau[0, 0, 0], [2e-7, 0.0, 0.0], rtol=1e-5)
    np.testing.assert_array_equal(a[0, 0, 0, 0, 0, 2], 0.0)
    sizes = slots._at_symbols._at_symbols.shape
    times = np.linspace(0.0, 4.0, sizes[0])  # the last one is the end of the slot
    expected = 3.0 * (1.0 + times) if steps == 4 else np.full(len(times), 3.0)
    np.testing.assert_allclose(np.real(a[0, 0, 0, 0, 0, 0]), expected, rtol=0.02)
    assert slots.max_delay == pytest.approx(2e-7, rel=1e-5)
    assert slots.seen().shape == (4, 1, 2, 1, 1, 4, 12)
    slots.redraw()
    np.testing.assert_allclose(slots.kept_paths(tf.constant([2]))[0], a)


@pytest.mark.parametrize(("normalize", "energy"), [("slot", 1.0), ("average", 1.0)])
def test_slots_have_the_unit_that_is_asked_for(normalize, energy):
    slots = slots_of(Recorded(1), normalize, pool_size=4)
    energies = np.mean(np.abs(slots.pool) ** 2, axis=(1, 2, 3, 4, 5, 6))
    assert np.mean(energies) == pytest.approx(energy, rel=1e-5)
    if normalize == "slot":
        np.testing.assert_allclose(energies, 1.0, rtol=1e-5)
    else:
        np.testing.assert_allclose(energies / energies[0], [1.0, 4.0, 9.0, 16.0], rtol=1e-4)


def test_a_model_is_asked_for_the_times_of_the_waveform():
    tdl = TDL("A", 100e-9, 3.5e9, min_speed=30.0, num_rx_ant=2, num_tx_ant=1)
    slots = slots_of(tdl, "slot")
    assert slots.num_kept is None
    reseed("paths")
    a, tau = slots.paths(5)
    assert a.shape == (5, 1, 2, 1, 1, 23, slots._times[0])
    reseed("paths")
    np.testing.assert_allclose(np.mean(np.abs(slots(5)) ** 2), 1.0, rtol=1e-5)
    assert slots.max_delay == pytest.approx(float(np.max(tau)))
    assert slots.interference.db == -np.inf


def test_a_mimo_channel_refuses_the_time_domain():
    with pytest.raises(ValueError, match=r"one matrix for each resource element.*domain='time'"):
        OFDMMIMOChannel(domain="time")
