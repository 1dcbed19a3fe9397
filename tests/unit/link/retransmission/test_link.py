# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sionna.phy.channel import RayleighBlockFading
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import ModelSource
from sionna_semcom.link import LINKS, AWGNLink, FlatFadingLink, OFDMLink, RetransmissionLink
from sionna_semcom.link.figures import collecting

SLOT = {"kind": "ofdm", "num_tx_ant": 1, "num_rx_ant": 1, "fft_size": 12, "csi": "perfect"}
STILL = {**SLOT, "model": "TDL-A", "delay_spread": 0.0, "speed": 0.0, "packing": False}


@pytest.mark.parametrize("number", [1, 2, 4])
def test_gain_over_awgn_is_the_number_of_transmissions(number):
    """Two transmissions gain 3.01 dB."""
    symbols = complex_normal([20_000, 5])
    link = RetransmissionLink(AWGNLink(), num_transmissions=number)
    symbols_hat, no_eff = link(symbols, 0.5)
    gain_db = -10 * np.log10(np.mean(np.abs(symbols_hat - symbols) ** 2) / 0.5)
    assert gain_db == pytest.approx(10 * np.log10(number), abs=0.05)
    np.testing.assert_allclose(no_eff, 0.5 / number, rtol=1e-6)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_outage_over_rayleigh_is_that_of_independent_branches(number):
    """The SNR after combining is a sum of exponential variables, which has a gamma distribution."""
    link = RetransmissionLink(FlatFadingLink(), num_transmissions=number)
    _, no_eff = link(complex_normal([20_000, 1]), 0.1)
    snr = 1 / no_eff.numpy()[:, 0]
    for threshold in (1.0, 5.0, 20.0):
        expected = stats.gamma.cdf(threshold, number, scale=10.0)
        interval = stats.binomtest(int(np.sum(snr < threshold)), len(snr)).proportion_ci(0.999)
        assert interval.low < expected < interval.high


@pytest.mark.parametrize("gap", [1, 50])
def test_a_channel_that_stands_still_gives_no_diversity(gap):
    link = RetransmissionLink(STILL, gap=gap)
    reseed("still")
    _, both = link.after_each(complex_normal([500, 3]), 0.1)
    np.testing.assert_allclose(both[1], both[0] / 2, rtol=1e-3)
    assert stats.kstest(0.1 / both[0, :, 0], stats.expon.cdf).pvalue > 1e-3


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_reported_noise_is_the_error_where_channels_are_much_the_same(snr_db):
    """Estimated channels with a correlation of 0.9 and interference between streams."""
    two = {**SLOT, "model": "TDL-A", "csi": "ls", "num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 24}
    link, symbols = RetransmissionLink(two, gap=4), complex_normal([40_000, 5])
    symbols_hat, no_eff = link(symbols, 10 ** (-snr_db / 10))
    assert np.mean(np.abs(symbols_hat - symbols) ** 2 / no_eff) == pytest.approx(1.0, abs=0.05)


def test_slots_of_unit_energy_do_not_fade():
    link = RetransmissionLink(STILL, gap=1, normalize="slot")
    _, no_eff = link(complex_normal([50, 3]), 0.1)
    np.testing.assert_allclose(no_eff, 0.05, rtol=1e-4)


def test_parts_of_a_row_are_the_row():
    symbols = complex_normal([50, 5])
    link = RetransmissionLink(AWGNLink(), num_transmissions=2, sends="parts")
    symbols_hat, no_eff = link(symbols, 0.0)
    np.testing.assert_array_equal(symbols_hat, symbols)
    np.testing.assert_array_equal(no_eff, np.zeros([50, 5]))
    first, noise = (part[0].numpy() for part in link.after_each(symbols, 0.0))
    np.testing.assert_array_equal(first, np.where(np.arange(5) < 3, symbols, 0))
    np.testing.assert_array_equal(np.isinf(noise), np.tile(np.arange(5) >= 3, [50, 1]))


def test_one_transmission_is_the_link_itself():
    symbols, link = complex_normal([20, 5]), FlatFadingLink(num_rx_ant=2)
    reseed("same")
    expected = link(symbols, 0.1)
    reseed("same")
    found = RetransmissionLink(link, num_transmissions=1)(symbols, 0.1)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_every_transmission_costs():
    link = FlatFadingLink(num_tx_ant=2, num_rx_ant=2)  # two symbols per channel use
    again = RetransmissionLink(link, num_transmissions=3)
    parts = RetransmissionLink(link, num_transmissions=3, sends="parts")
    assert again.channel_uses(8, 10) == 3 * 40
    assert parts.channel_uses(8, 10) == 3 * 20  # three symbols per part, with padding
    later = RetransmissionLink(OFDMLink(fft_size=12), gap=3)
    assert later.channel_uses(8, 10) == 2 * 14 * 12


def test_figures_say_what_was_spent():
    link = RetransmissionLink(FlatFadingLink(num_tx_ant=2, num_rx_ant=2), num_transmissions=2)
    with collecting() as collection:
        _, no_eff = link(complex_normal([30, 8]), 0.1)
    figures = collection.figures()
    assert set(figures) == set(link.settings.metric_names)
    np.testing.assert_array_equal(figures["transmissions"], np.full(30, 2))
    np.testing.assert_array_equal(figures["spent_channel_uses"], np.full(30, 8))
    snr_db = -10 * np.log10(np.mean(no_eff, 1))
    np.testing.assert_allclose(figures["effective_snr_mean"], snr_db, rtol=1e-4)
    for percent in (5, 50):
        name = f"effective_snr_p{percent}"
        found = link.aggregates[name](np.mean(figures[name], 0))
        below = np.mean(snr_db < found)
        assert below == pytest.approx(percent / 100, abs=1 / 30)


def test_figures_of_rows_of_unknown_length_are_the_same():
    link = RetransmissionLink(FlatFadingLink(num_tx_ant=2, num_rx_ant=2), num_transmissions=2)

    def measure(symbols):
        with collecting() as collection:
            link(symbols, 0.1)
        return collection.figures()

    signature = [tf.TensorSpec([None, None], tf.complex64)]
    figures = tf.function(measure, input_signature=signature)(complex_normal([30, 7]))
    np.testing.assert_array_equal(figures["spent_channel_uses"], np.full(30, 2 * 4))


def test_saved_links_have_no_weights_of_the_estimator():
    estimator = {"kind": "learned", "width": 4, "num_blocks": 0}
    link = RetransmissionLink({**SLOT, "csi": "ls", "estimator": estimator})
    trained = {**estimator, "weights": "a model that is not there"}
    known = {"kind": "retransmission", "link": {**SLOT, "csi": "ls", "estimator": trained}}
    link.settings = LINKS.settings(known)
    config = link.get_config()
    assert config["link"]["estimator"]["weights"] is None
    assert RetransmissionLink.from_config(config).settings.link.learned.width == 4


def test_a_model_of_your_own_evolves_too():
    own = ModelSource(RayleighBlockFading(1, 1, 1, 1), normalize="none")
    link = OFDMLink(channel=own, num_tx_ant=1, num_rx_ant=1, fft_size=12, csi="perfect")
    h = RetransmissionLink(link, gap=2).link.channel(100).numpy()
    np.testing.assert_array_equal(h[:50], h[50:])  # static channel


@pytest.mark.parametrize("build", [dict, LINKS.build], ids=["settings", "link"])
def test_saved_links_draw_the_same_pools(build):
    uma = build({**SLOT, "model": "UMa", "num_rx_ant": 2, "pool_size": 64})
    complex_normal([3])  # draws in between have no effect
    link = RetransmissionLink(uma, gap=2)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(link))
    assert again.settings == link.settings
    outputs = []
    for one in (link, again):
        reseed("saved")
        outputs.append(one(complex_normal([3, 4]), 0.1)[1])
    np.testing.assert_allclose(*outputs, rtol=1e-5)


def test_gradients_add_up_over_transmissions():
    symbols = complex_normal([4, 2])
    link = RetransmissionLink(FlatFadingLink(), num_transmissions=3)
    with tf.GradientTape() as tape:
        tape.watch(symbols)
        total = tf.reduce_sum(tf.math.real(link(symbols, 0.1)[0]))
    np.testing.assert_allclose(tape.gradient(total, symbols), np.ones([4, 2]), rtol=1e-4)
