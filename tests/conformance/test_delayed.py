# SPDX-License-Identifier: Apache-2.0
"""Links that know an old channel report the error that this makes, in either domain."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import j0
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import OFDMLink

from . import own_channels
from .both_domains import domain_difference, error_ratio, graph, links_of, log_errors

slow = pytest.mark.slow
GRID = {"fft_size": 24, "num_tx_ant": 2, "num_rx_ant": 4, "csi": "delayed"}
SHORT = {"model": "CDL-C", "delay_spread": 50e-9, "speed": 10.0}
LINKS = {
    "a slot ago": {**SHORT, "csi_delay": 14},
    "tdl": {"model": "TDL-C", "delay_spread": 30e-9, "speed": 10.0, "csi_delay": 7},
    "svd": {**SHORT, "csi_delay": 14, "precoding": "svd"},
    "svd of the slot": {
        **SHORT, "csi_delay": 14, "precoding": "svd", "precoding_granularity": "slot"
    },
    "guards": {**SHORT, "csi_delay": 5, "num_guard_carriers": (2, 1), "dc_null": True},
    "umi": {"model": "UMi", "speed": 10.0, "csi_delay": 14, "pool_size": 256},
    "budget": {
        "model": "UMi", "speed": 10.0, "csi_delay": 14, "pool_size": 256, "link_budget": {},
    },
}  # fmt: skip
FAST = [("a slot ago", "frequency", 20)]
CASES = [
    pytest.param(name, domain, snr_db, marks=() if (name, domain, snr_db) in FAST else slow)
    for name in LINKS
    for domain in ("frequency", "time")
    for snr_db in (0, 10, 20, 30)
    if (name, domain) != ("budget", "time")
]


build, received = links_of(OFDMLink, "delayed", LINKS, **GRID)


@pytest.mark.parametrize(("name", "domain", "snr_db"), CASES)
def test_reported_noise_is_the_error(name, domain, snr_db):
    """Speeds and hence errors of slots differ a lot, so that a mean takes thousands of slots."""
    link, run = build(domain, name)
    reseed("ratio", name, snr_db)
    ratio = error_ratio(link, run, snr_db, times=10)
    assert ratio == pytest.approx(1.0, abs=0.1 if snr_db == 30 else 0.05)


@pytest.mark.parametrize(
    ("name", "snr_db"),
    [
        ("a slot ago", 20),
        *(pytest.param(n, x, marks=slow) for n in ("tdl", "svd") for x in (0, 20)),
    ],
)
def test_both_domains_age_alike(name, snr_db):
    assert abs(domain_difference(received, name, snr_db)) < 0.04


@pytest.mark.parametrize("domain", ["frequency", pytest.param("time", marks=slow)])
def test_what_is_left_of_the_channel_is_that_of_jakes(domain):
    """Over a TDL profile: the first delayed symbols have the correlation J0, and lack the rest."""
    settings = {"model": "TDL-C", "delay_spread": 30e-9, "speed": 20.0, "csi_delay": 14}
    link = OFDMLink(**GRID, **settings, domain=domain)
    age = 14 * float(link.resource_grid.ofdm_symbol_duration)
    rho = j0(2.0 * np.pi * link.settings.max_doppler * age)
    aged = link._aged()
    np.testing.assert_allclose(aged._coefficients[:, 0, 0], rho, atol=0.04)
    variances = np.ravel(aged._variances)
    np.testing.assert_allclose(variances, 0.5 * (1.0 - rho**2), rtol=0.1)  # streams share a power


def test_young_knowledge_is_perfect_knowledge():
    errors = []
    for known in ({"csi": "perfect"}, {"csi": "delayed", "csi_delay": 1}):
        link = OFDMLink(**GRID | known, **SHORT | {"speed": 0.1})
        reseed("young")
        symbols = complex_normal([60, link._capacity])
        errors.append(log_errors(symbols, *link(symbols, 0.1)))
    assert np.mean(errors[1]) == pytest.approx(np.mean(errors[0]), abs=0.05)


@slow
@pytest.mark.parametrize("domain", ["frequency", "time"])
@pytest.mark.parametrize("kind", ["cir", "model"])
def test_own_channels_age(kind, domain):
    grid = {"fft_size": 24, "num_tx_ant": 2, "num_rx_ant": 4, "delay_spread": 50e-9, "speed": 10.0}
    channel = own_channels.model(**grid)
    if kind == "cir":
        channel = own_channels.cir(count=256, num_ofdm_symbols=28, **grid)
    link = OFDMLink(channel=channel, csi_delay=14, domain=domain, **GRID)
    assert error_ratio(link, graph(link), 20, times=10) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"csi_delay": None}, "`csi_delay` goes with `csi`='delayed'. .*csi_delay=None"),
        ({"csi": "perfect"}, "`csi_delay` goes with .*csi='perfect', csi_delay=14"),
        ({"speed": 0.0}, "needs a `speed` above zero"),
        (
            {"model": "UMi", "delay_spread": 100e-9, "link_budget": {"interferers": {"num": 1}}},
            "`link_budget.interferers` requires `csi`='perfect' or 'ls'.*num=1",
        ),
        ({"estimator": "learned"}, "`estimator` requires `csi`='ls'.*csi='delayed'"),
    ],
)
def test_impossible_settings_are_refused_in_one_line(changes, message):
    with pytest.raises(ValueError, match=message) as error:
        OFDMLink(**GRID | SHORT | {"csi_delay": 14} | changes)
    assert "\n" not in str(error.value).split("Value error, ")[-1].split(" [type=")[0]
