# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import AWGNLink, OverTheAirLink, from_settings

ROW = {
    "csi": "perfect", "num_ofdm_symbols": 1, "fft_size": 8, "pilot_ofdm_symbol_indices": (),
}  # fmt: skip
SMALL = {"fft_size": 24, "num_ofdm_symbols": 6, "pilot_ofdm_symbol_indices": (1, 4)}


@functools.cache
def awgn():
    return OverTheAirLink(model="awgn", **ROW)


def test_devices_that_agree_gain_their_number_over_one_transmitter():
    symbols = complex_normal([2000, 8])
    joint_hat, joint_noise = AWGNLink()(symbols, 0.3)
    mean, no_eff = awgn()(tf.tile(symbols[:, tf.newaxis], [1, 3, 1]), 0.3)
    np.testing.assert_allclose(no_eff, joint_noise / 3, rtol=1e-4)
    joint, ours = (np.mean(np.abs(x - symbols) ** 2) for x in (joint_hat, mean))
    assert joint / ours == pytest.approx(3.0, rel=0.04)


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "awgn", **ROW},
        {"model": "flat", "truncation": 0.0, **ROW},
        {"model": "flat", "receiver": "mmse", "num_rx_ant": 2, **ROW},
        {"model": "flat", "receiver": "mmse", "num_rx_ant": 4, "correlation": 0.8, **ROW},
        {"model": "flat", "receiver": "mmse", "num_rx_ant": 4, **SMALL},
        {"model": "CDL-C", "truncation": 0.0, "num_rx_ant": 4, **SMALL},
        {"model": "CDL-C", "receiver": "mmse", "num_rx_ant": 4, "correlation": 0.5, **SMALL},
        {"model": "CDL-C", "receiver": "coherent_mmse", "num_rx_ant": 4, **SMALL},
        {"model": "flat", "receiver": "coherent_mmse", "num_rx_ant": 2, "correlation": 0.8, **ROW},
    ],
)
def test_reported_noise_is_the_measured_error(settings):
    link = tf.function(OverTheAirLink(**settings), autograph=False)
    share = settings.get("correlation", 0.0)
    common, apart = complex_normal([600, 1, 96]), complex_normal([600, 3, 96])
    symbols = share**0.5 * common + (1 - share) ** 0.5 * apart
    for no in (1.0, 0.03):
        mean, no_eff = link(symbols, tf.constant(no))
        error = np.abs(mean - tf.reduce_mean(symbols, 1)) ** 2
        assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05), f"at no={no}"


def test_weak_devices_are_silent_as_often_as_rayleigh_fading_has_them():
    """The gain of a symbol that only one device sends is 1, 1/2, 1/3 or zero."""
    link = OverTheAirLink(model="flat", truncation=0.5, **ROW)
    alone = tf.concat([tf.ones([6000, 1, 8]), tf.zeros([6000, 2, 8])], 1)
    mean = link(tf.cast(alone, tf.complex64), 1e-8)[0].numpy()[:, 0].real
    silent = np.mean(mean < 0.1)
    expected = 1 - np.exp(-0.5)
    assert silent == pytest.approx(expected, abs=3.3 * (expected * (1 - expected) / 6000) ** 0.5)
    assert set(np.round(6 * mean[mean > 0.1]).astype(int)) == {2, 3, 6}


def test_a_receiver_that_knows_that_symbols_agree_errs_less_and_knows_how_much():
    symbols = complex_normal([2000, 1, 8])
    symbols = 0.9**0.5 * symbols + 0.1**0.5 * complex_normal([2000, 3, 8])
    errors, ratios = [], []
    for correlation in (0.0, 0.9):
        link = OverTheAirLink(
            model="flat", receiver="mmse", num_rx_ant=2, correlation=correlation, **ROW
        )
        reseed("call")
        mean, no_eff = link(symbols, 0.3)
        error = np.abs(mean - tf.reduce_mean(symbols, 1)) ** 2
        errors.append(np.median(error))
        ratios.append(np.mean(error / no_eff))
    assert errors[1] < 0.95 * errors[0]  # with the same channels and noise
    assert ratios[0] < 0.75
    assert ratios[1] == pytest.approx(1.0, abs=0.05)


def test_devices_that_turn_their_phases_arrive_as_the_sum_of_their_amplitudes():
    """One antenna and symbols that agree: the noise is N no / (sum of |h_k|)^2 of each slot."""
    common = tf.tile(complex_normal([3000, 1, 8]), [1, 3, 1])
    settings = {"model": "flat", "correlation": 1 - 1e-6, **ROW}
    link = OverTheAirLink(receiver="coherent_mmse", **settings)
    reseed("call")
    h = np.abs(link.channel(3000).numpy()[:, 0, 0, 0, :, 0, 0])
    reseed("call")
    mean, no_eff = link(common, 0.2)
    np.testing.assert_allclose(no_eff[:, 0], 3 * 0.2 / h.sum(axis=1) ** 2, rtol=1e-3)
    error = np.abs(mean - common[:, 0]) ** 2
    assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05)


def test_a_mean_costs_the_resource_elements_of_one_row():
    assert awgn().channel_uses(8) == 8
    assert awgn().channel_uses(8, 100) == 800
    assert OverTheAirLink(model="flat", **SMALL).channel_uses(96, 2) == 2 * 6 * 24


def test_what_is_not_finite_stays_in_its_row_in_graphs():
    symbols = complex_normal([4, 3, 8]).numpy()
    symbols[2, 1, 5] = np.nan
    mean, no_eff = tf.function(awgn(), autograph=False)(tf.constant(symbols), tf.constant(0.1))
    assert mean.shape == no_eff.shape == [4, 8]
    np.testing.assert_array_equal(np.isnan(no_eff).all(axis=1), [False, False, True, False])
    assert np.isfinite(mean.numpy()[[0, 1, 3]]).all()


def test_gradient_reaches_every_device(compiled):
    link, symbols = awgn(), complex_normal([5, 3, 8])

    def gradient(symbols):
        with tf.GradientTape() as tape:
            tape.watch(symbols)
            energy = tf.reduce_sum(tf.abs(link(symbols, tf.constant(0.1))[0]) ** 2)
        return tape.gradient(energy, symbols)

    slope = compiled(gradient)(symbols).numpy()
    assert np.all(np.isfinite(slope))
    assert np.all(np.abs(slope) > 0)


def test_settings_and_configuration_rebuild_the_link():
    link = OverTheAirLink(model="flat", receiver="mmse", num_rx_ant=2, **ROW)
    assert from_settings(link.settings.model_dump(mode="json")).settings == link.settings
    assert OverTheAirLink.from_config(link.get_config()).settings == link.settings


def test_one_row_is_no_input():
    with pytest.raises(ValueError, match=r"shape \[batch, num_users, num_symbols\]. Received"):
        awgn()(complex_normal([5, 8]), 0.1)
    assert awgn()(tf.zeros([0, 3, 8], tf.complex64), 0.1)[0].shape == (0, 8)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_tx_ant": 2}, "`num_tx_ant` of a device must be one"),
        ({"access": "orthogonal"}, "`access`, `user` and `equalizer` require a link"),
        ({"correlation": 0.5}, "`correlation` requires `receiver`='mmse' or"),
        ({"truncation": -1.0}, "truncation"),
    ],
)
def test_what_cannot_work_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        OverTheAirLink(**ROW | settings)
