# SPDX-License-Identifier: Apache-2.0
"""Links with a network that refines the channel estimate."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config
from sionna.phy.utils import complex_normal

from sionna_semcom.link import EffectiveAWGNLink, LearnedEstimator, OFDMLink, PUSCHLink
from sionna_semcom.link.estimation.estimator import own_pilots

SMALL = {"width": 4, "num_blocks": 1, "kernel_times": 3, "kernel_frequencies": 3}
GRID = {"model": "TDL-A", "num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 12, "statistics": "none"}
SLOT = {
    "model": "TDL-A",
    "num_layers": 2,
    "num_rx_ant": 2,
    "num_resource_blocks": 1,
    "interpolation": "lin",
    "statistics": "none",
}


def ofdm(**settings):
    return OFDMLink(**GRID | settings)


def pusch(**settings):
    return PUSCHLink(**SLOT | settings)


def plain(build, **settings):
    """Link without an estimator, which can warn about its ``no_eff``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build(**settings)


def same_draws(function, *arguments):
    config.seed = 5
    return function(*arguments)


def randomized(network, scale=0.1):
    draw = np.random.default_rng(2)
    *weights, coefficients = network.get_weights()
    network.set_weights([*(scale * draw.normal(size=w.shape) for w in weights), coefficients])
    return network


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        (ofdm, {}),
        (ofdm, {"precoding": "rzf", "direction": "downlink"}),
        (ofdm, {"interpolation": "lmmse", "statistics": "known"}),
        (ofdm, {"num_guard_carriers": (2, 1), "dc_null": True, "num_streams": 1}),
        (ofdm, {"precision": "double", "statistics": "known"}),
        (pusch, {}),
        (pusch, {"num_antenna_ports": 4, "tpmi": 14, "num_rx_ant": 4, "interpolation": "nn"}),
    ],
)
def test_a_link_is_the_plain_one_until_its_estimator_is_trained(build, settings):
    one, other = plain(build, **settings), build(estimator="learned", **settings)
    channel = one.channel(3)
    for no in (tf.constant(0.1), tf.constant([1.0, 0.1, 1e-3])):
        expected = same_draws(one.observe, channel, no)
        found = same_draws(other.observe, channel, no)
        np.testing.assert_array_equal(found.h_hat, expected.h_hat)
        err_var = np.broadcast_to(expected.err_var, found.err_var.shape)
        np.testing.assert_allclose(found.err_var, err_var, rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(found.symbols_hat, expected.symbols_hat, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found.no_eff, expected.no_eff, rtol=1e-3)


def test_what_is_observed_is_the_channel_that_was_given():
    link = ofdm(estimator="learned", num_guard_carriers=(2, 2), num_streams=2)
    channel = link.channel(2)
    seen = link.observe(channel, tf.constant(1e-7))
    np.testing.assert_allclose(seen.h, channel[..., 2:-2] / np.sqrt(2.0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(seen.symbols_hat, seen.symbols, atol=0.7)
    assert seen.symbols.shape == seen.no_eff.shape == (2, 2 * 12 * 8)


@pytest.mark.parametrize("build", [ofdm, pusch])
def test_pilots_that_the_network_sees_are_those_that_are_sent(build):
    link = build(estimator="learned")
    pilots = own_pilots(link.resource_grid.pilot_pattern)
    sent = link._mapper(tf.zeros([1, 1, 2, int(link.resource_grid.num_data_symbols)], tf.complex64))
    np.testing.assert_array_equal(pilots, (np.abs(sent[0, 0]) > 0).astype(np.float32))


@pytest.mark.parametrize("build", [ofdm, pusch])
def test_gradients_reach_all_weights_through_the_equalizer(build, compiled):
    link = build(estimator=SMALL)
    randomized(link.estimator)
    symbols = complex_normal([2, 40])

    @compiled
    def step(symbols):
        with tf.GradientTape() as tape:
            received, no_eff = link(symbols, tf.constant(0.1))
            loss = tf.reduce_mean(tf.abs(received - symbols) ** 2 / no_eff + tf.math.log(no_eff))
        return tape.gradient(loss, link.estimator.trainable_weights)

    for gradient in step(symbols):
        assert np.isfinite(gradient).all()
        assert np.any(np.asarray(gradient) != 0)


def test_a_graph_gives_what_eager_execution_gives():
    link = ofdm(estimator=SMALL)
    randomized(link.estimator)
    symbols = complex_normal([3, 50])
    eager = same_draws(link, symbols, tf.constant(0.1))
    graph = same_draws(tf.function(link, autograph=False), symbols, tf.constant(0.1))
    for one, other in zip(eager, graph, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_links_share_a_layer_that_they_are_given():
    network = randomized(LearnedEstimator(**SMALL))
    links = ofdm(estimator=network), pusch(estimator=network)
    assert all(link.estimator is network for link in links)
    assert all(link.settings.estimator == network.settings for link in links)


def test_calibration_measures_the_error_of_equalized_symbols():
    """The error variance of an estimator that reports a hundredth of its error is corrected."""
    link = ofdm(estimator=SMALL, num_rx_ant=4, interpolation="lin", statistics="known")
    *weights, bias, ratios = link.estimator.get_weights()
    bias[2] = -np.log(100.0)
    link.estimator.set_weights([*weights, bias, ratios])
    channel = link.channel(300)
    before = np.mean(link.observe(channel, tf.constant(0.1)).error_over_no_eff)
    assert before > 1.2
    state = config.tf_rng.state.numpy()
    EffectiveAWGNLink(link).calibrate()
    np.testing.assert_array_equal(config.tf_rng.state, state)
    for snr_db in (0.0, 10.0, 20.0):
        no = tf.constant(10 ** (-snr_db / 10))
        ratio = np.mean(link.observe(channel, no).error_over_no_eff)
        assert ratio == pytest.approx(1.0, abs=0.05), f"at {snr_db} dB"


def test_the_configuration_has_the_estimator_without_its_weights():
    config_ = ofdm(estimator=SMALL).get_config()
    assert config_["estimator"] == {"kind": "learned", **SMALL, "weights": None, "seed": 0}
    assert OFDMLink.from_config(config_).estimator.settings.width == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"estimator": "learned", "csi": "perfect"}, "`estimator` requires `csi`='ls'"),
        ({"estimator": "wise"}, "estimator"),
        ({"estimator": {"kind": "learned", "width": -1}}, "width"),
        ({"estimator": 3}, "estimator"),
    ],
)
def test_what_cannot_be_is_refused(settings, message):
    for build in (ofdm, pusch):
        with pytest.raises(ValueError, match=message) as error:
            build(**settings)
        assert "\n" not in str(error.value)
