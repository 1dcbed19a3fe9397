# SPDX-License-Identifier: Apache-2.0
"""Links whose precoder follows the noise power report their error at any SNR."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.link import OFDMLink

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
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        link = OFDMLink(**RZF, **CASES[name])
    run = tf.function(link, autograph=False)
    for snr_db in (0, 10, 30):
        ratios = []
        for _ in range(4):
            symbols = complex_normal([400, link._capacity])
            symbols_hat, no_eff = run(symbols, tf.constant(10 ** (-snr_db / 10)))
            ratios.append(np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff))
        tolerance = 0.1 if snr_db == 30 else 0.05
        assert np.mean(ratios) == pytest.approx(1.0, abs=tolerance), f"at {snr_db} dB"
