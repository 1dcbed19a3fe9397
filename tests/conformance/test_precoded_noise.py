# SPDX-License-Identifier: Apache-2.0
"""Links whose precoder follows the noise power report their error at any SNR."""

from __future__ import annotations

import pytest

from sionna_semcom.link import OFDMLink

from .both_domains import built, error_ratio, graph

slow = pytest.mark.slow
RZF = {
    "precoding": "rzf", "direction": "downlink", "num_tx_ant": 4, "num_rx_ant": 2,
    "fft_size": 24, "delay_spread": 50e-9,
}  # fmt: skip
CASES = {
    "delayed": {"csi": "delayed", "csi_delay": 7, "speed": 10.0},
    "time": {"csi": "perfect", "domain": "time"},
    "delayed in time": {"csi": "delayed", "csi_delay": 7, "speed": 10.0, "domain": "time"},
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "delayed" else slow) for name in CASES]
)
def test_reported_noise_of_rzf_is_the_error(name):
    """It was learned with the precoder of 20 dB."""
    link = built(OFDMLink, **RZF, **CASES[name])
    run = graph(link)
    for snr_db, tolerance in ((0, 0.05), (10, 0.05), (30, 0.1)):
        ratio = error_ratio(link, run, snr_db, times=4)
        assert ratio == pytest.approx(1.0, abs=tolerance), f"at {snr_db} dB"
