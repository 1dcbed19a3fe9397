# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from contextlib import nullcontext

import keras
import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.ofdm import ResourceGridMapper

from sionna_semcom._seeding import set_seed
from sionna_semcom.link.ofdm import OFDMLink

SMALL = {"fft_size": 24, "num_ofdm_symbols": 6, "pilot_ofdm_symbol_indices": (1, 4)}
DOWNLINK = {"direction": "downlink", "num_tx_ant": 4, "num_rx_ant": 2}


def qpsk(*shape):
    bits = tf.random.uniform([2, *shape], maxval=2, dtype=tf.int32)
    return tf.complex(*((2.0 * tf.cast(bits, tf.float32) - 1.0) / 2**0.5))


@pytest.mark.parametrize(
    ("settings", "tolerance"),
    [
        ({"csi": "perfect"}, 0.03),
        ({"csi": "perfect", "equalizer": "zf", "model": "TDL-A"}, 0.03),
        ({"csi": "perfect", "equalizer": "mf", "num_streams": 1}, 0.03),
        ({"csi": "perfect", "precoding": "svd", **DOWNLINK}, 0.03),
        ({"csi": "perfect", "precoding": "rzf", **DOWNLINK}, 0.03),
        ({"model": "TDL-C"}, 0.04),
        ({"model": "TDL-C", "interpolation": "lin_time_avg"}, 0.04),
        ({"model": "TDL-C", "interpolation": "lmmse"}, 0.04),
        ({"model": "CDL-C"}, 0.06),
        ({"model": "CDL-C", "interpolation": "lmmse"}, 0.06),
        ({"precoding": "svd", "interpolation": "lmmse", **DOWNLINK}, 0.06),
        ({"model": "UMi", "interpolation": "lmmse", "pool_size": 128}, 0.08),
    ],
)
def test_reported_noise_is_the_measured_error(settings, tolerance):
    link = tf.function(OFDMLink(**SMALL, **settings))
    symbols = qpsk(240, 192)
    for no in (1.0, 0.01):
        received, no_eff = link(symbols, tf.constant(no))
        ratio = tf.reduce_mean(tf.abs(received - symbols) ** 2 / no_eff)
        assert abs(float(ratio) - 1.0) < tolerance, f"at no={no}"


def test_sionnas_error_variance_overstates_the_noise_of_linear_interpolation():
    """This is the reason for the default ``statistics="known"``."""
    symbols, no = qpsk(240, 192), tf.constant(0.01)
    ratios = {}
    for statistics in ("known", "none"):
        chain = {"model": "TDL-C", "interpolation": "lin_time_avg", "statistics": statistics}
        with nullcontext() if statistics == "known" else pytest.warns(UserWarning, match="no_eff"):
            link = OFDMLink(**SMALL, **chain)
        received, no_eff = link(symbols, no)
        ratios[statistics] = float(tf.reduce_mean(tf.abs(received - symbols) ** 2 / no_eff))
    assert abs(ratios["known"] - 1.0) < 0.04
    assert ratios["none"] < 0.8


@pytest.mark.parametrize("model", ["CDL-C", "TDL-C"])
def test_estimates_of_an_inverted_channel_are_not_taken_for_those_of_the_channel(model):
    """With `rzf`, the diagonal of the effective channel has a mean and another power."""
    chain = {"model": model, "precoding": "rzf", **DOWNLINK}
    error, ratio = {}, {}
    symbols = qpsk(240, 192)
    for csi in ("perfect", "ls"):
        with nullcontext() if csi == "perfect" else pytest.warns(UserWarning, match="no_eff"):
            link = OFDMLink(**SMALL, **chain, csi=csi)
        received, no_eff = link(symbols, tf.constant(1.0))
        squared = tf.abs(received - symbols) ** 2
        error[csi] = float(tf.reduce_mean(squared))
        ratio[csi] = float(tf.reduce_mean(squared / no_eff))
    assert error["perfect"] < error["ls"] < 2 * error["perfect"]
    assert 0.75 < ratio["ls"] < 1.02  # Sionna overestimates the error variance


@pytest.mark.parametrize("settings", [{}, {"num_streams": 1}, {"num_tx_ant": 4}])
def test_pilots_and_data_leave_with_a_total_power_of_one(settings):
    link = OFDMLink(**SMALL, csi="perfect", **settings)
    streams = link.settings.streams
    per_stream = int(link.resource_grid.num_data_symbols)
    grid = ResourceGridMapper(link.resource_grid)(qpsk(3, 1, streams, per_stream))
    sent = tf.reduce_sum(tf.abs(grid) ** 2, axis=[1, 2]) / streams
    np.testing.assert_allclose(sent, 1.0, rtol=1e-5)


@pytest.mark.parametrize("csi", ["perfect", "ls"])
def test_gradient_is_the_slope_of_the_link(csi):
    """The link is linear in its symbols, because channel estimates do not depend on them."""
    link = OFDMLink(**SMALL, csi=csi)
    symbols, step = qpsk(2, 30), qpsk(2, 30)

    def received(x):
        set_seed("the same channel and noise")
        return link(x, tf.constant(0.1))[0]

    weights = qpsk(2, 30)
    with tf.GradientTape() as tape:
        tape.watch(symbols)
        figure = tf.reduce_sum(tf.math.real(tf.math.conj(weights) * received(symbols)))
    gradient = tape.gradient(figure, symbols)
    slope = tf.math.real(tf.reduce_sum(tf.math.conj(gradient) * step))
    rise = tf.math.conj(weights) * (received(symbols + step) - received(symbols))
    np.testing.assert_allclose(slope, tf.reduce_sum(tf.math.real(rise)), rtol=1e-3)


def test_each_latent_sees_the_noise_of_its_own_slots():
    link = OFDMLink(**SMALL, csi="perfect")
    symbols = qpsk(3, 200)  # two slots per row
    received, no_eff = link(symbols, tf.constant([1e-4, 1e-1, 10.0]))
    error = np.mean(np.abs(received - symbols) ** 2, axis=1)
    np.testing.assert_allclose(error, np.mean(no_eff, axis=1), rtol=0.3)
    assert error[0] < 0.01 < error[1] < 1.0 < error[2]


def test_without_packing_latents_do_not_share_slots():
    packed, alone = OFDMLink(**SMALL), OFDMLink(**SMALL, packing=False)
    for link in (packed, alone):
        assert link(qpsk(5, 16), tf.constant(0.1))[0].shape == (5, 16)
    slot = 6 * 24
    assert packed.channel_uses(16, num_latents=12) == slot
    assert packed.channel_uses(16, num_latents=13) == 2 * slot  # 208 symbols; a slot has 192
    assert alone.channel_uses(16, num_latents=13) == 13 * slot


def test_empty_subcarriers_cost_nothing_and_the_rest_still_works():
    link = OFDMLink(**SMALL, model="TDL-A", num_guard_carriers=(2, 1), dc_null=True)
    symbols = qpsk(300, 32)
    received, no_eff = link(symbols, tf.constant(0.05))
    assert abs(float(tf.reduce_mean(tf.abs(received - symbols) ** 2 / no_eff)) - 1.0) < 0.06
    assert link.channel_uses(1) == 6 * 20


@pytest.mark.parametrize("no", [0.0, 1e4])
def test_extreme_noise_is_reported(no):
    link = OFDMLink(**SMALL, model="TDL-E", num_tx_ant=4, num_rx_ant=4, pool_size=4)
    symbols = qpsk(200, 192)  # one slot per row
    received, no_eff = link(symbols, tf.constant(no))
    error = np.abs(received - symbols) ** 2
    assert np.all(no_eff > 0)
    if no:
        assert np.min(no_eff) > no
        assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05)
    else:  # the interpolation error remains
        assert np.mean(error) < min(0.05, 1.1 * np.mean(no_eff))


@pytest.mark.parametrize(
    "settings", [{"interpolation": "lmmse"}, {"model": "UMi", "pool_size": 64}]
)
def test_trains_inside_a_keras_model_with_any_batch(settings):
    link = OFDMLink(**SMALL, num_tx_ant=2, num_rx_ant=2, **settings)

    class Through(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder, self.link = (
                keras.layers.Dense(8),
                keras.layers.Dense(3),
                link,
            )

        def call(self, inputs):
            latent = self.encoder(inputs)
            symbols_hat, _ = self.link(tf.complex(latent[:, :4], latent[:, 4:]), tf.constant(0.1))
            parts = [tf.math.real(symbols_hat), tf.math.imag(symbols_hat)]
            return self.decoder(tf.concat(parts, axis=-1))

    model = Through()
    model.compile(keras.optimizers.Adam(0.03), "mse", jit_compile=False)
    data = np.random.default_rng(0).standard_normal([70, 3]).astype(np.float32)
    losses = model.fit(data, data, batch_size=32, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
