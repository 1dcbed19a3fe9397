# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from pydantic import ValidationError

from sionna_semcom.link import LINKS
from sionna_semcom.link.ofdm import OFDMLink, OFDMSettings


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"num_streams": 3}, r"num_streams` must not exceed .* num_streams=3, num_tx_ant=2"),
        ({"num_tx_ant": 1, "precoding": "svd"}, r"at least two transmit antennas.*'svd'"),
        ({"precoding": "rzf"}, r"must equal `num_rx_ant`.*num_streams=2, num_rx_ant=4"),
        ({"precoding_granularity": "slot"}, r"'slot' requires `precoding`='svd'.*'none'"),
        (
            {"precoding": "svd", "precoding_granularity": "element"},
            r"cannot be interpolated.*'element', csi='ls'",
        ),
        (
            {"precoding": "rzf", "num_rx_ant": 2, "interpolation": "lmmse"},
            r"requires the channel statistics, which\s+`precoding`='rzf' changes.*'lmmse'",
        ),
        ({"statistics": "none", "interpolation": "lmmse"}, r"needs `statistics`='known'"),
        (
            {"precoding": "rzf", "num_rx_ant": 2, "statistics": "known"},
            r"requires the channel statistics, which `precoding`='rzf' changes.*'known'",
        ),
        ({"model": "UMi", "pool_size": 63}, r"less than 64 drops.*pool_size=63"),
        ({"model": "RMa", "pool_size": 1, "statistics": "known"}, r"tells the receiver the drops"),
        ({"pilot_ofdm_symbol_indices": ()}, r"`csi`='ls' needs pilots"),
        ({"pilot_ofdm_symbol_indices": (2, 14)}, r"must lie in \[0, 14\).*\(2, 14\)"),
        ({"pilot_ofdm_symbol_indices": (11, 2)}, r"must increase.*\(11, 2\)"),
        (
            {"num_ofdm_symbols": 2, "pilot_ofdm_symbol_indices": (0, 1)},
            r"leaves no symbol for data",
        ),
        ({"num_guard_carriers": (40, 32)}, r"leave a subcarrier.*\(40, 32\) of fft_size=72"),
        ({"num_guard_carriers": (-1, 0)}, r"must be non-negative"),
        ({"fft_size": 71}, r"multiple of `num_streams`.*71 subcarriers, num_streams=2"),
        ({"dc_null": True}, r"71 subcarriers"),
        ({"cyclic_prefix_length": 73}, r"must not exceed `fft_size`.*73 > 72"),
        ({"oversampling": 4}, r"`oversampling` is for `domain`='time'. Received: oversampling=4"),
        ({"window_advance": 0}, r"`window_advance` is for `domain`='time'.*window_advance=0"),
        ({"domain": "time", "window_advance": 7}, r"not exceed `cyclic_prefix_length`.*7 > 6"),
        ({"domain": "time", "oversampling": 0}, r"greater than or equal to 1"),
        (
            {"fft_size": 2**14, "num_rx_ant": 300},
            r"must have at most.*Received: 137625600 in a slot",
        ),
        (
            {"fft_size": 2**14, "csi": "delayed", "csi_delay": 2**12},
            r"at most.*with the OFDM symbols of a delay.*538705920 in a slot with a delay of 4096",
        ),
        ({"delay_spread": 3e-6}, r"delay_spread=3e-06 s, cyclic prefix=2.78e-06 s"),
        ({"speed": 300.0}, r"less than or equal to 277"),
        ({"speed": float("inf")}, r"finite number"),
        ({"speed": float("nan")}, r"speed"),
        ({"delay_spread": float("inf")}, r"finite number"),
        ({"subcarrier_spacing": float("inf")}, r"finite number"),
        ({"model": "RMa", "carrier_frequency": 60e9}, r"up to 30 GHz.*6e\+10"),
        ({"carrier_frequency": 1e6}, r"greater than or equal to 500000000"),
        ({"model": "TDL-F"}, r"TDL-F"),
        ({"modle": "TDL-A"}, r"modle\s+Extra inputs are not permitted"),
    ],
)
def test_impossible_combinations_are_refused_with_the_reason(settings, reason):
    with pytest.raises(ValidationError, match=reason):
        OFDMSettings(**settings)


def test_a_link_refuses_what_its_settings_refuse():
    with pytest.raises(ValueError, match=r"num_streams=9"):
        OFDMLink(num_streams=9)


def test_defaults_follow_from_the_rest():
    assert OFDMSettings(num_tx_ant=8, num_rx_ant=3, fft_size=96).streams == 3
    assert OFDMSettings(precoding="svd", csi="ls").granularity == "slot"
    assert OFDMSettings(precoding="svd", csi="perfect").granularity == "element"
    assert OFDMSettings(num_guard_carriers=(5, 6), dc_null=True).num_subcarriers == 60
    assert OFDMSettings().realizations is None
    assert OFDMSettings(model="UMi").realizations == 512
    assert OFDMSettings(model="UMi", pool_size=90).realizations == 90
    assert OFDMSettings(precoding="svd").knows_statistics
    assert not OFDMSettings(precoding="rzf", num_rx_ant=2).knows_statistics
    assert not OFDMSettings(statistics="none").knows_statistics


@pytest.mark.parametrize("knowledge", [{"csi": "perfect"}, {"statistics": "none"}])
def test_a_receiver_that_measures_no_covariance_may_have_any_pool(knowledge):
    assert OFDMSettings(model="UMi", pool_size=1, **knowledge).realizations == 1


def test_long_delays_are_no_business_of_a_model_that_draws_its_own():
    assert OFDMSettings(model="UMa", delay_spread=1.0).model == "UMa"


def test_settings_build_the_link_they_describe():
    settings = OFDMSettings(model="TDL-B", csi="perfect", num_tx_ant=1, num_rx_ant=1)
    assert LINKS.build(settings).settings == settings


def test_the_time_domain_takes_delays_beyond_the_prefix_and_a_slot_without_one():
    assert OFDMSettings(domain="time", delay_spread=3e-6).advance == 1
    assert OFDMSettings(domain="time", cyclic_prefix_length=0).advance == 0
    assert OFDMSettings(domain="time", window_advance=3).advance == 3
