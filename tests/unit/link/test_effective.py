# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from sionna_semcom.link import (
    LINKS,
    BitsAndLatentsLink,
    EffectiveAWGNLink,
    FlatFadingLink,
    RetransmissionLink,
)

FADING = FlatFadingLink(num_tx_ant=2, num_rx_ant=2, csi_error_variance=0.1, equalizer="mf")


def test_noise_is_gaussian_of_the_power_that_the_link_reports(compiled):
    symbols = tf.zeros([3000, 4], tf.complex64)
    symbols_hat, no_eff = compiled(EffectiveAWGNLink(FADING))(symbols, tf.constant(0.1))
    power = np.abs(symbols_hat.numpy()) ** 2 / no_eff.numpy()
    assert stats.kstest(power.ravel(), stats.expon.cdf).pvalue > 1e-3


def test_reported_noise_has_the_distribution_of_the_link():
    symbols = tf.ones([2000, 2], tf.complex64)
    (_, reported), (_, expected) = EffectiveAWGNLink(FADING)(symbols, 0.1), FADING(symbols, 0.1)
    assert stats.ks_2samp(reported[:, 0], expected[:, 0]).pvalue > 1e-3
    assert np.std(reported) > 0.1


def test_cost_and_settings_are_those_of_the_link():
    link = EffectiveAWGNLink(FADING)
    assert link.channel_uses(5, 3) == FADING.channel_uses(5, 3) == 9
    assert link.settings.link == FADING.settings
    assert LINKS.build(link.settings).link.settings == FADING.settings


def test_figures_of_bits_are_those_of_the_link():
    link = BitsAndLatentsLink(FADING, num_info_bits=24)
    assert EffectiveAWGNLink(link).settings.metric_names == ("bler", "ber")


def test_retransmissions_are_refused_at_any_depth():
    again = RetransmissionLink(FADING)
    for link in (again, BitsAndLatentsLink(again)):
        with pytest.raises(ValueError, match=r"`link` must have one transmission.*with retrans"):
            EffectiveAWGNLink(link)
