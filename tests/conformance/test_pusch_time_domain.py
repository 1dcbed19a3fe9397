# SPDX-License-Identifier: Apache-2.0
"""PUSCH slots in the time domain agree with the frequency domain, and contain interference."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import PUSCHLink

from . import own_channels
from .both_domains import domain_difference, error_ratio, graph, links_of, mean_ratio

slow = pytest.mark.slow
SMALL = {"num_resource_blocks": 2, "num_rx_ant": 4, "delay_spread": 50e-9}
LINKS = {
    "perfect": {"csi": "perfect", "num_layers": 2},
    "lmmse": {"num_layers": 2, "dmrs": {"additional_position": 1}},
    "lin": {"interpolation": "lin", "dmrs": {"additional_position": 1}},
    "precoded": {"num_antenna_ports": 4, "tpmi": 14, "num_layers": 2},
    "data beside the reference signals": {
        "num_antenna_ports": 2, "tpmi": 2,
        "dmrs": {"additional_position": 2, "num_cdm_groups_without_data": 1},
    },
    "zf": {"csi": "perfect", "equalizer": "zf"},
}  # fmt: skip
CASES = [
    pytest.param(name, snr_db, marks=() if name == "lmmse" and snr_db in (10, 30) else slow)
    for name in LINKS
    for snr_db in (0, 10, 20, 30)
]


LINEAR = ("lin", "data beside the reference signals")
build, received = links_of(PUSCHLink, "pusch", LINKS, **SMALL)
_, received_early = links_of(PUSCHLink, "pusch", LINKS, **{**SMALL, "delay_spread": 10e-9})


@pytest.mark.parametrize(("name", "snr_db"), CASES)
def test_reported_noise_is_the_error(name, snr_db):
    ratio = mean_ratio(*received("time", name, snr_db))
    assert ratio == pytest.approx(1.0, abs=0.1 if snr_db == 30 else 0.05)


@pytest.mark.parametrize(("name", "snr_db"), CASES)
def test_short_delays_and_low_speed_are_those_of_the_frequency_domain(name, snr_db):
    """The same channels and noise: means of the differences between slots in pairs."""
    assert abs(domain_difference(received_early, name, snr_db)) < 0.015
    if name not in LINEAR or snr_db < 30:
        assert abs(domain_difference(received, name, snr_db)) < 0.03


@slow
@pytest.mark.parametrize("name", LINEAR)
def test_lines_miss_the_ripple_of_pulses_less_the_shorter_the_delays(name):
    """Sampled pulses of late paths add ripple to the frequency response, which lines miss."""
    late = domain_difference(received, name, 30)
    assert 0.0 < domain_difference(received_early, name, 30) < min(0.01, late / 4.0)
    assert 0.04 < late < 0.08


def test_late_paths_interfere_as_the_closed_form_says():
    """Residual of the effective channel in slots without noise, over TDL-C with 1 us."""
    late = {
        "model": "TDL-C", "delay_spread": 1e-6, "speed": 0.0, "csi": "perfect",
        "num_resource_blocks": 6,
    }  # fmt: skip
    floor_db = PUSCHLink(**late).interference_floor_db
    link = PUSCHLink(**late, domain="time", window_advance=0)
    assert link.interference_floor_db == -np.inf
    left = link._known_slots(link._draw(150), tf.constant(0.01)).left
    assert 10.0 * np.log10(np.mean(left)) == pytest.approx(floor_db, abs=0.6)


@slow
@pytest.mark.parametrize("csi", ["perfect", "ls"])
def test_interference_is_counted_where_it_is_most_of_the_noise(csi):
    late = {**SMALL, "model": "TDL-C", "delay_spread": 1e-6, "csi": csi}
    link = PUSCHLink(**late, domain="time", dmrs={"additional_position": 1})
    run = graph(link)
    assert error_ratio(link, run, 10) == pytest.approx(1.0, abs=0.05)
    assert error_ratio(link, run, 30, times=3) == pytest.approx(1.0, abs=0.1)


@slow
@pytest.mark.parametrize("csi", ["perfect", "ls"])
def test_own_channels_with_paths(csi):
    grid = {"fft_size": 24, "num_tx_ant": 2, "num_rx_ant": 4, "delay_spread": 50e-9}
    link = PUSCHLink(
        channel=own_channels.cir(count=256, **grid, cyclic_prefix_length=2), csi=csi,
        domain="time", num_resource_blocks=2, num_layers=2,
    )  # fmt: skip
    assert error_ratio(link, graph(link), 20, slots=250) == pytest.approx(1.0, abs=0.05)


def test_flat_fading_and_bits_cross_samples():
    link = PUSCHLink(
        model="flat", num_resource_blocks=2, num_rx_ant=4, domain="time", csi="perfect",
        transport_block={"mcs_index": 5},
    )  # fmt: skip
    bits = link.transport_block.draw(20)
    bits_hat, right = link.send_bits(bits, 0.001)
    np.testing.assert_array_equal(bits_hat, bits)
    assert np.all(right)


def test_frequency_responses_are_refused():
    grid = {"fft_size": 24, "num_tx_ant": 1, "num_rx_ant": 4}
    with pytest.raises(ValueError, match=r"^`domain`='time' needs gains .*domain='time'"):
        PUSCHLink(channel=own_channels.responses(**grid), num_resource_blocks=2, domain="time")
