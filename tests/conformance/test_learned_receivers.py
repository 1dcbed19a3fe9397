# SPDX-License-Identifier: Apache-2.0
"""The noise that links with shipped learned receivers report equals their error."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import OFDMLink, PUSCHLink

GRID = {"num_tx_ant": 2, "num_rx_ant": 4, "fft_size": 24, "statistics": "none"}
SLOT = {
    "num_layers": 2,
    "num_rx_ant": 4,
    "num_resource_blocks": 2,
    "dmrs": {"additional_position": 1},
    "interpolation": "lin",
    "statistics": "none",
}
CASES = {
    "learned_receiver_cdl": (OFDMLink, GRID, (0.0, 10.0, 20.0, 30.0)),
    "learned_receiver_umi": (OFDMLink, {**GRID, "model": "UMi"}, (0.0, 10.0, 20.0)),
    "learned_receiver_pusch": (PUSCHLink, SLOT, (0.0, 10.0, 20.0, 30.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_reported_noise_is_the_error(name):
    kind, settings, snrs_db = CASES[name]
    link = kind(**settings, estimator={"weights": name})
    observe = tf.function(lambda no: link.observe(link.channel(100), no), autograph=False)
    for snr_db in snrs_db:
        no = tf.constant(10 ** (-snr_db / 10))
        ratio = np.mean([observe(no).error_over_no_eff for _ in range(4)])
        assert ratio == pytest.approx(1.0, abs=0.05 if snr_db < 30 else 0.1), f"at {snr_db} dB"
