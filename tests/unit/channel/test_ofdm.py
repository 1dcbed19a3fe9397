# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special
from sionna.phy import config

from sionna_semcom.channel import OFDMMIMOChannel, OFDMMIMOSettings
from sionna_semcom.channel.regression import RegressionTable, learn
from sionna_semcom.channel.slots.estimation import (
    known_covariances,
    ls_estimator,
    statistical_interpolator,
)
from sionna_semcom.channel.slots.interpolation import ChannelStatistics

GRID = {
    "num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 24, "num_ofdm_symbols": 6,
    "pilot_ofdm_symbol_indices": (1, 4),
}  # fmt: skip
DATA = 4 * 24  # resource elements without pilots


def mimo(**changes):
    return OFDMMIMOChannel(**GRID | changes)


def draw(channel, groups, no):
    state = tf.function(lambda: channel.draw(groups, tf.constant(no)))()
    return tuple(np.asarray(part) for part in state)


def test_uses_are_the_data_elements_each_once():
    channel = mimo(model="TDL-A", csi="perfect", pool_size=1, num_uses=DATA)
    h = channel.draw(1, 0.1).h[0].numpy()
    slot = channel.slots.pool.numpy()[0, 0, :, 0]  # [num_rx_ant, num_tx_ant, T, F]
    data = slot[..., [0, 2, 3, 5], :].reshape(2, 2, DATA).transpose(2, 0, 1)
    for matrices in (h, data):
        matrices[:] = matrices[np.argsort(matrices[:, 0, 0].real)]
    np.testing.assert_array_equal(h, data)


def test_groups_of_one_slot_get_elements_of_their_own():
    channel = mimo(model="TDL-C", csi="perfect", pool_size=1, num_uses=2)
    h = channel.draw(400, 0.1).h.numpy()
    assert np.all(h[:, 0] != h[:, 1])
    assert len(np.unique(h[..., 0, 0])) == DATA


@pytest.mark.parametrize("no", [1.0, 0.03])
def test_pilots_have_power_one_and_a_still_flat_channel_is_estimated_as_in_theory(no):
    """Each estimate uses one unit-power pilot, and equals that of a flat channel."""
    channel = mimo(
        model="TDL-A", delay_spread=0.0, speed=0.0, interpolation="nn", statistics="none",
        num_tx_ant=4,
    )  # fmt: skip
    h, h_hat, mean, error_variance = draw(channel, 1000, no)
    assert np.mean(np.abs(h_hat - h) ** 2) == pytest.approx(no, rel=0.04)
    assert np.mean(mean / h_hat) == pytest.approx(1 / (1 + no), rel=0.02)
    assert np.mean(error_variance) == pytest.approx(no / (1 + no), rel=0.04)


@pytest.mark.parametrize("interpolation", ["lin", "lmmse"])
@pytest.mark.parametrize("snr_db", [20.0, 7.5])
def test_what_is_learned_of_a_tdl_channel_is_what_its_statistics_say(interpolation, snr_db):
    antennas = {"num_tx_ant": 4, "num_rx_ant": 4}  # so many that normalization changes little
    channel = mimo(
        model="TDL-C", interpolation=interpolation, delay_spread=300e-9, num_uses=DATA, **antennas
    )
    no = 10 ** (-snr_db / 10)
    settings, grid = channel.settings, channel.resource_grid
    covariances = known_covariances(settings, grid, channel.slots)
    statistics = ChannelStatistics(*covariances, np.full(4, 0.25))
    interpolator = statistical_interpolator(settings, grid, statistics)
    estimator = ls_estimator(settings, grid, interpolator)
    _, theory = estimator(tf.zeros([1, 1, 4, 6, 24], tf.complex64), tf.constant(no))
    theory = 4 * np.mean(np.reshape(theory, [4, 6, 24])[:, [0, 2, 3, 5]], axis=0)
    _, h_hat, mean, error_variance = channel.draw(1, no)
    np.testing.assert_allclose(np.sort(error_variance[0]), np.sort(theory, axis=None), rtol=0.15)
    assert np.mean(error_variance) == pytest.approx(np.mean(theory), rel=0.04)
    assert np.mean(mean / h_hat) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    "settings",
    [{"statistics": "none", "interpolation": "nn"}, {"interpolation": "lin", "model": "UMi"}],
)
def test_interpolated_figures_are_those_of_a_fresh_measurement(settings):
    channel = mimo(**{"model": "TDL-C", "pool_size": 128, "num_uses": DATA} | settings)
    for snr_db in (33.0, 12.5, 2.5, -2.5, -12.5):  # most of them half-way between those measured
        h, _, mean, error_variance = draw(channel, 600, 10 ** (-snr_db / 10))
        measured = np.mean(np.abs(h - mean) ** 2)
        assert np.mean(error_variance) == pytest.approx(measured, rel=0.03), f"at {snr_db} dB"
        slope = np.mean(h * np.conj(mean)) / np.mean(np.abs(mean) ** 2)
        assert slope == pytest.approx(1.0, abs=0.05), f"at {snr_db} dB"


def test_table_is_exact_where_measured_and_constant_beyond():
    noise_powers = 10.0 ** np.arange(-2, 2)
    coefficients = 1 / (1 + noise_powers[:, np.newaxis] * [1.0, 1.0j])
    variances = noise_powers[:, np.newaxis] * [1.0, 3.0]
    table = RegressionTable(noise_powers, coefficients, variances)
    for no, expected in ((1e-2, 0), (1.0, 2), (10.0, 3), (0.0, 0), (1e4, 3)):
        c, v = tf.function(table)(tf.constant(no))
        np.testing.assert_allclose(c, coefficients[expected], rtol=1e-5)
        np.testing.assert_allclose(v, variances[expected], rtol=1e-5)
    np.testing.assert_allclose(table(tf.constant(0.03))[1], [0.03, 0.09], rtol=1e-4)


def test_learning_finds_the_regression_of_independent_noise():
    rng = np.random.default_rng(0)
    slots = tf.constant(rng.standard_normal([2, 5000, 2, 2, 3, 2]) @ [1, 1j] / 2**0.5, tf.complex64)

    def observe(slots, no):
        parts = config.tf_rng.normal([2, *slots.shape]) * tf.sqrt(no / 2)
        return slots, 2.0 * slots + tf.complex(*tf.unstack(parts))

    coefficients, variances = learn(observe, list(slots), np.array([0.1, 4.0]))
    expected = 2 / (4 + np.array([[0.1], [4.0]])) * np.ones(3)
    np.testing.assert_allclose(coefficients, expected, rtol=0.02, atol=0.01)
    np.testing.assert_allclose(variances, 1 - 2 * expected, rtol=0.05)


@pytest.mark.parametrize(("model", "csi_delay", "speed"), [("TDL-C", 3, 100.0), ("UMi", 5, 50.0)])
def test_delayed_channel_ages_as_jakes_says(model, csi_delay, speed):
    channel = mimo(
        model=model, csi="delayed", csi_delay=csi_delay, speed=speed, num_tx_ant=4, num_rx_ant=4
    )
    h, h_hat, mean, error_variance = draw(channel, 1000, 0.1)
    symbol = (24 + 6) / (24 * 30e3)
    doppler = speed * 3.5e9 / 299_792_458
    rho = special.j0(2 * np.pi * doppler * csi_delay * symbol)
    assert 0.5 < rho < 0.95
    tolerance = 0.02 if model == "TDL-C" else 0.06  # UMi: few drops, and angles that cluster
    assert np.mean(h * np.conj(h_hat)).real == pytest.approx(rho, abs=tolerance)
    assert np.mean(mean / h_hat).real == pytest.approx(rho, abs=tolerance)
    assert np.mean(error_variance) == pytest.approx(np.mean(np.abs(h - mean) ** 2), rel=0.05)


def test_delayed_estimate_is_the_channel_so_many_symbols_earlier():
    channel = mimo(
        model="TDL-A", csi="delayed", csi_delay=2, speed=200.0, pool_size=1, num_uses=DATA
    )
    h, h_hat = (part[0, :, 0, 0].numpy() for part in channel.draw(1, 0.1)[:2])
    slot = channel.slots.pool.numpy()[0, 0, 0, 0, 0]  # [T + 2, F]
    for symbol, subcarrier in ((0, 0), (3, 7), (5, 23)):
        (use,) = np.flatnonzero(h == slot[symbol + 2, subcarrier])
        assert h_hat[use] == slot[symbol, subcarrier]


@pytest.mark.parametrize("csi", [{"csi": "ls"}, {"csi": "delayed", "csi_delay": 1}])
def test_empty_subcarriers_are_left_out(csi):
    channel = mimo(
        model="TDL-A", num_guard_carriers=(2, 1), dc_null=True, num_uses=80, speed=0.1, **csi
    )
    assert channel.channel_uses() == 80 * 6 / 4
    h, h_hat, *_ = draw(channel, 20, 1e-4)
    assert np.max(np.abs(h - h_hat)) < 0.2


def test_more_transmit_than_receive_antennas():
    channel = mimo(model="CDL-B", num_tx_ant=8, num_rx_ant=2)
    h, h_hat, *_ = draw(channel, 50, 1e-3)
    assert h.shape == (50, 1, 2, 8)
    assert np.mean(np.abs(h - h_hat) ** 2) < 0.02


def test_uses_carry_their_share_of_the_pilots():
    settings = {"csi": "perfect", "num_uses": 6, "coherence": 4}
    assert OFDMMIMOChannel(**settings).channel_uses() == 6 * 14 / 12
    assert OFDMMIMOChannel(**settings, pilot_ofdm_symbol_indices=()).channel_uses() == 6.0


def test_trains_a_precoder_inside_a_keras_model():
    channel = mimo(model="UMi", pool_size=64, num_uses=2, coherence=5)

    class Precoder(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(8)

        def call(self, inputs):
            state = channel.draw(tf.shape(inputs)[0], 0.1)
            group = tf.range(tf.shape(inputs)[0]) // channel.coherence
            x = tf.reshape(self.dense(inputs), [-1, 2, 2, 2])
            y = channel(tf.complex(x[..., 0], x[..., 1]), tf.gather(state.h, group), 0.1)
            return tf.reduce_sum(tf.abs(y) ** 2, axis=[1, 2])

    model = Precoder()
    model.compile("adam", "mse", jit_compile=False)
    history = model.fit(np.ones([30, 3]), np.zeros(30), batch_size=12, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert len(model.trainable_variables) == 2


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"num_uses": 100, "coherence": 10}, "864 in all. Received: num_uses=100, coherence=10"),
        ({"num_tx_ant": 5}, "multiple of `num_tx_ant`.*72 subcarriers, num_tx_ant=5"),
        ({"pilot_ofdm_symbol_indices": ()}, "`csi`='ls' needs pilots"),
        ({"interpolation": "lmmse", "statistics": "none"}, "needs `statistics`='known'"),
        ({"model": "UMi", "pool_size": 63}, "less than 64 drops.*Received: pool_size=63"),
        ({"csi": "delayed"}, "goes with `csi`='delayed'.*csi='delayed', csi_delay=None"),
        ({"csi_delay": 3}, "goes with `csi`='delayed'.*csi='ls', csi_delay=3"),
        ({"csi": "delayed", "csi_delay": 3, "speed": 0.0}, "above zero.*does not age"),
        ({"csi": "delayed", "csi_delay": 0}, "csi_delay\n.*greater than or equal to 1"),
        ({"pilot_ofdm_symbol_indices": (2, 14)}, r"must lie in \[0, 14\)"),
        ({"delay_spread": 3e-6}, "cyclic prefix=2.78e-06 s"),
        ({"num_streams": 2}, "num_streams\n.*Extra inputs are not permitted"),
    ],
)
def test_impossible_combinations_are_refused_with_the_reason(settings, reason):
    with pytest.raises(ValueError, match=reason):
        OFDMMIMOSettings(**settings)
