# SPDX-License-Identifier: Apache-2.0
"""The noise that a link with a budget reports is its error, at any power and in any drop."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom.channel.slots.budgeted import seen_drops
from sionna_semcom.channel.slots.channel import slot_energy
from sionna_semcom.link import OFDMLink

SLOT = {"fft_size": 24, "subcarrier_spacing": 15e3, "cyclic_prefix_length": 2, "packing": False}
CASES = {
    "noise": ("UMi", {}, 0.05),
    "interference": ("UMa", {"interferers": {"num": 3, "tx_power_dbm": 23.0}}, 0.1),
}


@pytest.mark.parametrize("name", CASES)
def test_reported_noise_is_the_error_at_all_powers_and_snrs(name):
    model, budget, tolerance = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        link = OFDMLink(model=model, pool_size=256, link_budget=budget, **SLOT)
    (size,) = {link.settings.streams * int(link.resource_grid.num_data_symbols)}
    drops = seen_drops(link.channel)
    gain = np.concatenate([slot_energy(one.h) for one in drops])

    @tf.function(autograph=False)
    def ratio(no, drawn):
        symbols = complex_normal([tf.shape(drawn.h)[0], size])
        return link._observe(symbols, no, drawn).error_over_no_eff

    snrs_db, ratios = [], []
    for power_dbm in (-10.0, 10.0, 33.0):
        no = tf.constant(link.budget.noise_power(power_dbm), tf.float32)
        ratios.append(np.concatenate([ratio(no, drawn) for drawn in drops]))
        snrs_db.append(10.0 * np.log10(gain / no.numpy()))
        assert np.mean(ratios[-1]) == pytest.approx(1.0, abs=tolerance), f"at {power_dbm} dBm"
    snr_db, ratio = np.concatenate(snrs_db), np.concatenate(ratios)
    if name == "noise":  # before, it was 0.3 beyond 60 dB
        for low, high in ((-30, 0), (0, 20), (20, 40), (40, 55), (55, 90)):
            here = ratio[(low <= snr_db) & (snr_db < high)]
            assert np.mean(here) == pytest.approx(1.0, abs=0.25 if low > 30 else 0.1), low
