# SPDX-License-Identifier: Apache-2.0
"""Learned estimators that are trained alone or with systems, and their weights."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy import config

import sionna_semcom as ss
from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import generated_features
from sionna_semcom.link import (
    AWGNLink,
    LearnedEstimator,
    OFDMLink,
    OFDMSettings,
    PUSCHSettings,
    UplinkSettings,
)
from sionna_semcom.systems import ChannelEstimation, FeatureTransmission, TwoStageVIB
from sionna_semcom.systems.channel_estimation.system import ChannelEstimationSettings

ESTIMATOR = {"width": 6, "num_blocks": 1, "kernel_times": 3, "kernel_frequencies": 9}
GRID = {"model": "TDL-A", "num_tx_ant": 1, "num_rx_ant": 2, "fft_size": 24, "statistics": "none"}


def link(**settings):
    return OFDMLink(**GRID | {"estimator": ESTIMATOR} | settings)


def slots(number=4, steps=1):
    return tf.data.Dataset.from_tensors({"slot": tf.zeros([number])}).repeat(steps)


def trained(path=None, steps=30):
    system = ChannelEstimation(link=link(), snr_db=(0.0, 20.0))
    system.compile(keras.optimizers.Adam(1e-2))
    system.fit(slots(8, steps), verbose=0)
    if path is not None:
        system.save(path)
    return system


def test_the_loss_is_the_likelihood_of_the_channel():
    system = ChannelEstimation(link=link(), snr_db=10.0)
    config.seed = 3
    seen = system.observe({"slot": tf.zeros([5])})
    config.seed = 3
    loss = system.batch_loss({"slot": tf.zeros([5])}, training=True)
    h, h_hat, variance = (np.asarray(x) for x in seen[:3])
    energy = np.mean(np.abs(h) ** 2, axis=tuple(range(1, 7)), keepdims=True)
    likelihood = np.log(variance / energy) + np.abs(h - h_hat) ** 2 / variance
    assert float(loss) == pytest.approx(np.mean(likelihood), rel=1e-4)


def test_errors_are_those_of_what_was_observed():
    system = ChannelEstimation(link=link())
    config.seed = 3
    seen = system.observe({"slot": tf.zeros([5])}, 7.0)
    config.seed = 3
    figures = system.measure({"slot": tf.zeros([5])}, 7.0)
    error = np.mean(np.abs(seen.h - seen.h_hat) ** 2, axis=tuple(range(1, 7)))
    np.testing.assert_allclose(figures["nmse"][:, 0], error, rtol=1e-4)
    np.testing.assert_allclose(figures["nmse"][:, 1], 1.0, rtol=1e-4)
    squared = np.abs(seen.symbols - seen.symbols_hat) ** 2
    np.testing.assert_allclose(figures["symbol_mse"], squared.mean(1), rtol=1e-4)
    ratio = np.mean(squared / seen.no_eff, axis=1)
    np.testing.assert_allclose(figures["error_over_no_eff"], ratio, rtol=1e-4)
    means = np.mean(figures["nmse"], axis=0)
    assert system.aggregates["nmse"](means) == pytest.approx(np.mean(error), rel=1e-4)


def test_each_slot_of_a_training_has_its_own_snr():
    system = ChannelEstimation(link=link(), snr_db=(0.0, 20.0))
    powers = np.unique(system._noise_powers(tf.constant(50)))
    assert len(powers) > 40
    assert np.all((0.01 <= powers) & (powers <= 1.0))


def test_training_improves_the_estimate_and_calibrates_the_noise():
    system = trained(steps=60)
    plain = ChannelEstimation(link=link(estimator="learned"))
    batch = {"slot": tf.zeros([64])}
    before, after = (np.mean(x.measure(batch, 5.0)["nmse"][:, 0]) for x in (plain, system))
    assert after < 0.6 * before
    assert np.all(system.link.estimator.error_coefficients.numpy()[:, 0] != 0.0)
    figures = system.measure({"slot": tf.zeros([300])}, 10.0)
    assert np.mean(figures["error_over_no_eff"]) == pytest.approx(1.0, abs=0.05)


def test_a_link_without_an_estimator_has_nothing_to_be_trained():
    with pytest.warns(UserWarning, match="no_eff"):
        plain = OFDMLink(**GRID)
    system = ChannelEstimation(link=plain)
    assert not system.trainable_weights
    assert system({"slot": tf.zeros([3])}).shape == (3, 1, 2, 1, 1, 14, 24)
    assert system.static_metrics([]) == {"parameters": 0}


def test_a_link_that_estimates_nothing_is_refused():
    system = ChannelEstimation(link=AWGNLink())
    with pytest.raises(ValueError, match=r"`link` must estimate a channel.*Received: AWGNLink"):
        system.measure({"slot": tf.zeros([3])}, 10.0)


def test_weights_of_an_estimator_are_found_in_a_file(tmp_path):
    system = trained(tmp_path / "x.keras")
    path = str(tmp_path / "x.keras")
    other = link(estimator={**ESTIMATOR, "weights": path})
    assert not system._link_weights.values
    shared = LearnedEstimator(**ESTIMATOR)
    shared.load(path)
    for network in (other.estimator, shared):
        for one, two in zip(network.weights, system.link.estimator.weights, strict=True):
            np.testing.assert_array_equal(one, two)
    with pytest.raises(ValueError, match="one estimator of these settings"):
        link(estimator={**ESTIMATOR, "width": 5, "weights": path})


def test_it_is_trained_and_saved_with_any_system(tmp_path):
    data = generated_features(40, 10, 10)
    model = TwoStageVIB(data.shapes, data.num_classes, link=link(), transmitted_dim=24, width=8)
    network = model.link.estimator
    assert sum(any(w is x for x in model.trainable_weights) for w in network.weights) == 10
    model.compile(keras.optimizers.Adam(1e-2))
    before = [weight.numpy() for weight in network.trainable_weights]
    model.fit(data.train(16, 3, seed=1), verbose=0)
    moved = [np.any(a != b.numpy()) for a, b in zip(before, network.trainable_weights, strict=True)]
    assert all(moved)
    assert np.all(network.error_coefficients.numpy()[:, 0] != 0.0)
    model.save(tmp_path / "x.keras")
    loaded = ss.load_model(tmp_path / "x.keras")
    for one, two in zip(loaded.link.estimator.weights, network.weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_systems_that_send_nothing_do_not_calibrate(monkeypatch):
    """Only links that are trained with a system are calibrated after training."""
    data = generated_features(40, 10, 10)
    model = FeatureTransmission(data.shapes, data.num_classes, link=AWGNLink(), width=4)
    monkeypatch.setattr(AWGNLink, "calibrate", lambda self: pytest.fail("it has no weights"))
    model.compile("adam")
    model.fit(data.train(16, 1, seed=1), verbose=0)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (UplinkSettings(), "ofdm or pusch. Received: 'uplink'"),
        (OFDMSettings(domain="time", num_tx_ant=1), "domain 'frequency'. Received: domain='time'"),
        (OFDMSettings(model="UMi", link_budget={}), "without link_budget.*ofdm with .* sinr_db"),
        (PUSCHSettings(transport_block={"mcs_index": 4}), "pusch with the metrics bler, ber, crc"),
    ],
)
def test_other_links_are_refused(chosen, message):
    with pytest.raises(ValueError, match=message):
        ChannelEstimationSettings().check_link(chosen)


def test_nothing_is_observed_in_the_time_domain():
    sender = OFDMLink(**GRID, domain="time", csi="perfect")
    with pytest.raises(ValueError, match=r"`domain`='frequency'. Received: domain='time'"):
        sender.observe(sender.channel(2), tf.constant(0.1))


ELSEWHERE = """
import sys
import numpy as np, tensorflow as tf
import sionna_semcom as ss
from sionna_semcom._seeding import set_seed
system = ss.load_model(sys.argv[1])
set_seed("elsewhere")
figures = system.measure({"slot": tf.zeros([6])}, 10.0)
np.savez(sys.argv[2], **{name: value.numpy() for name, value in figures.items()})
"""


def test_it_gives_the_same_in_another_process(tmp_path):
    system = trained(tmp_path / "x.keras", steps=3)
    set_seed("elsewhere")
    expected = system.measure({"slot": tf.zeros([6])}, 10.0)
    files = str(tmp_path / "x.keras"), str(tmp_path / "found.npz")
    subprocess.run([sys.executable, "-c", ELSEWHERE, *files], check=True)
    found = np.load(files[1])
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
