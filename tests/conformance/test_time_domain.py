# SPDX-License-Identifier: Apache-2.0
"""The time domain agrees with the frequency domain, and adds interference."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import OFDMLink

from . import own_channels
from .both_domains import (
    SLOTS,
    built,
    domain_difference,
    error_ratio,
    graph,
    links_of,
    log_errors,
    mean_ratio,
)

slow = pytest.mark.slow
GRID = {"fft_size": 24, "num_tx_ant": 2, "num_rx_ant": 4}
SHORT = {"model": "CDL-C", "delay_spread": 50e-9}
LINKS = {
    "perfect": {**SHORT, "csi": "perfect"},
    "ls": {**SHORT, "csi": "ls"},
    "lmmse": {"model": "TDL-C", "delay_spread": 30e-9, "interpolation": "lmmse"},
    "svd": {**SHORT, "csi": "perfect", "precoding": "svd"},
    "guards": {**SHORT, "csi": "ls", "num_guard_carriers": (2, 1), "dc_null": True},
}
CASES = [
    pytest.param(name, snr_db, marks=() if name == "ls" and snr_db in (10, 30) else slow)
    for name in LINKS
    for snr_db in (0, 10, 20, 30)
]


build, received = links_of(OFDMLink, "time", LINKS, **GRID)


@pytest.mark.parametrize(("name", "snr_db"), CASES)
def test_reported_noise_is_the_error(name, snr_db):
    ratio = mean_ratio(*received("time", name, snr_db))
    assert ratio == pytest.approx(1.0, abs=0.1 if snr_db == 30 else 0.05)


@pytest.mark.parametrize(("name", "snr_db"), CASES)
def test_short_delays_and_low_speed_are_those_of_the_frequency_domain(name, snr_db):
    """The same channels and noise: intervals are those of paired differences between slots."""
    difference = domain_difference(received, name, snr_db)
    spread = np.std(log_errors(*received("frequency", name, snr_db)))
    assert abs(difference) < 3.0 * spread * 2.0**0.5 / SLOTS**0.5  # as if slots were others
    assert abs(difference) < 0.03


@slow
@pytest.mark.parametrize("csi", ["perfect", "ls"])
@pytest.mark.parametrize(
    "settings",
    [
        {"model": "TDL-C", "delay_spread": 1e-6, "interpolation": "lmmse"},
        {"model": "CDL-C", "speed": 40.0, "carrier_frequency": 28e9, "interpolation": "lmmse"},
    ],
)
def test_interference_is_counted_where_it_is_most_of_the_noise(csi, settings):
    """30 dB over interference floors of about -20 dB."""
    link = OFDMLink(domain="time", csi=csi, **GRID, **settings)
    assert link.interference_floor_db == -np.inf
    run = graph(link)
    assert error_ratio(link, run, 10) == pytest.approx(1.0, abs=0.05)
    # slots differ most where interference is most of the noise
    assert error_ratio(link, run, 30, times=3) == pytest.approx(1.0, abs=0.1)


OWN = {
    "cir": lambda: own_channels.cir(count=256, delay_spread=50e-9, **GRID),
    "cir of average unit": lambda: {
        **own_channels.cir(count=256, delay_spread=50e-9, **GRID), "normalize": "average"
    },
    "model": lambda: own_channels.model(delay_spread=50e-9, **GRID),
}  # fmt: skip


@slow
@pytest.mark.parametrize("csi", ["perfect", "ls"])
@pytest.mark.parametrize("name", OWN)
def test_own_channels_with_paths(name, csi):
    errors = []
    for domain in ("frequency", "time"):
        link = built(OFDMLink, channel=OWN[name](), csi=csi, domain=domain, **GRID)
        reseed("own", name, csi)
        symbols = complex_normal([250, link._capacity])
        outputs = graph(link)(symbols, tf.constant(0.01))
        assert mean_ratio(symbols, *outputs) == pytest.approx(1.0, abs=0.05)
        errors.append(log_errors(symbols, *outputs))
    assert np.mean(errors[1] - errors[0]) == pytest.approx(0.0, abs=0.03)


def test_frequency_responses_are_refused():
    with pytest.raises(ValueError, match=r"^`domain`='time' needs gains .*domain='time'"):
        OFDMLink(channel=own_channels.responses(**GRID), domain="time", **GRID)
