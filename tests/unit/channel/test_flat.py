# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import FlatMIMOChannel, FlatMIMOSettings
from sionna_semcom.link import from_settings

SIZE = {"num_tx_ant": 2, "num_rx_ant": 3}
DOPPLER = {"speed": 30.0, "carrier_frequency": 3.5e9, "csi_delay": 1e-3}


def test_rayleigh_gains_are_exponential(compiled):
    channel = FlatMIMOChannel(**SIZE)
    h = compiled(lambda: channel.draw(3000, 0.1).h)()
    assert stats.kstest(np.abs(h).ravel() ** 2, stats.expon.cdf).pvalue > 1e-3


def test_rician_gains_have_the_variance_of_k():
    h = FlatMIMOChannel(rician_k=4.0, **SIZE).draw(50_000, 0.1).h
    assert np.var(np.abs(h) ** 2) == pytest.approx((1 + 2 * 4) / (1 + 4) ** 2, rel=0.05)


def test_all_uses_of_a_latent_see_one_matrix_and_groups_see_others():
    state = FlatMIMOChannel(num_uses=4, coherence=3, csi="ls", **SIZE).draw(10, 0.1)
    assert len(state.h) == 4
    for matrices in state[:3]:
        np.testing.assert_array_equal(matrices, np.repeat(matrices[:, :1], 4, axis=1))
        assert len(np.unique(matrices)) == 4 * 6


@pytest.mark.parametrize("no", [0.5, 0.01])
def test_ls_errors_have_the_noise_power_and_the_mean_is_the_mmse_estimate(compiled, no):
    channel = FlatMIMOChannel(csi="ls", **SIZE)
    h, h_hat, mean, error_variance = compiled(lambda: channel.draw(20_000, tf.constant(no)))()
    assert np.mean(np.abs(h_hat - h) ** 2) == pytest.approx(no, rel=0.02)
    np.testing.assert_allclose(mean, h_hat / (1 + no), rtol=1e-5)
    np.testing.assert_allclose(error_variance, no / (1 + no), rtol=1e-5)
    assert np.mean(np.abs(h - mean) ** 2) == pytest.approx(no / (1 + no), rel=0.02)


@pytest.mark.parametrize("rho", [1.0, 0.9, 0.0, -0.3])
def test_delayed_channel_has_the_correlation_asked_for(rho):
    channel = FlatMIMOChannel(csi="delayed", delay_correlation=rho, **SIZE)
    h, h_hat, mean, error_variance = (np.asarray(part) for part in channel.draw(20_000, 0.1))
    assert np.mean(h * np.conj(h_hat)) == pytest.approx(rho, abs=0.02)
    assert np.mean(np.abs(h_hat) ** 2) == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(mean, rho * h_hat, rtol=1e-5)
    np.testing.assert_allclose(error_variance, 1 - rho**2, atol=1e-6)


def test_correlation_is_the_average_over_angles_of_arrival():
    """Jakes: waves from all directions, each with the Doppler shift of its angle."""
    shift = 30.0 * 3.5e9 / 299_792_458
    angles = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    expected = np.mean(np.exp(2j * np.pi * shift * np.cos(angles) * 1e-3)).real
    settings = FlatMIMOSettings(csi="delayed", **DOPPLER)
    assert settings.correlation == pytest.approx(expected, abs=1e-6)
    assert FlatMIMOSettings(csi="delayed", **DOPPLER | {"speed": 0.0}).correlation == 1.0


def test_robust_receiver_makes_the_error_that_the_state_predicts():
    """The channel error acts as noise of its variance, because the transmit power is one."""
    no, channel = 0.2, FlatMIMOChannel(num_tx_ant=2, num_rx_ant=4, csi="ls")
    state = channel.draw(20_000, no)
    x = complex_normal([20_000, 1, 2])
    y = channel(x / 2**0.5, state.h, no)

    def errors(h, noise):
        h = h / 2**0.5
        inverse = tf.linalg.inv(tf.matmul(h, h, adjoint_a=True) / noise + tf.eye(2, dtype=h.dtype))
        x_hat = tf.linalg.matvec(inverse, tf.linalg.matvec(h, y, adjoint_a=True)) / noise
        return np.mean(np.abs(x_hat - x) ** 2), np.mean(np.linalg.trace(inverse).real) / 2

    robust, predicted = errors(state.mean, no + float(state.error_variance[0, 0]))
    naive, promised = errors(state.h_hat, no)
    assert robust == pytest.approx(predicted, rel=0.02)
    assert naive > 1.03 * robust > 1.2 * promised


def test_pool_is_drawn_once_from_the_seed_and_reused():
    reseed("pool")
    channel, other = (FlatMIMOChannel(realizations=3, **SIZE) for _ in range(2))
    reseed("pool")
    again = FlatMIMOChannel(realizations=3, **SIZE)
    h = channel.draw(60, 0.1).h.numpy()
    pool = np.unique(h.reshape(60, -1), axis=0)
    assert len(pool) == 3
    assert np.mean(np.abs(pool) ** 2) == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_array_equal(np.unique(again.draw(60, 0.1).h), np.unique(h))
    assert not np.isin(other.draw(60, 0.1).h, h).any()


def test_channels_may_follow_the_seed_of_training():
    settings = {"kind": "flat_mimo", "realizations": 1, "realization_seed": "training", **SIZE}

    def drawn(seed):
        return from_settings(settings, seed).draw(1, 0.1).h.numpy()

    np.testing.assert_array_equal(drawn(3), drawn(3))
    assert not np.isin(drawn(4), drawn(3)).any()
    numbered = FlatMIMOChannel(realizations=1, realization_seed=3, **SIZE)
    np.testing.assert_array_equal(numbered.draw(1, 0.1).h, drawn(3))
    assert not FlatMIMOSettings(**SIZE).follows_training


def test_estimates_of_a_fixed_channel_differ(compiled):
    channel = FlatMIMOChannel(csi="ls", realizations=1, **SIZE)
    h, h_hat, _, _ = compiled(lambda: channel.draw(5, 0.1))()
    assert len(np.unique(h)) == 6
    assert len(np.unique(h_hat)) == 5 * 6


def test_noise_is_white_and_may_differ_between_latents(compiled):
    channel = FlatMIMOChannel(**SIZE)
    no = np.tile(np.float32([0.01, 1.0]), 5000)
    x, h = complex_normal([10_000, 4, 2]), complex_normal([10_000, 1, 3, 2])
    noise = compiled(channel)(x, h, no) - tf.linalg.matvec(h, x)
    for start, expected in ((0, 0.01), (1, 1.0)):
        w = noise[start::2].numpy().reshape(-1, 3)
        np.testing.assert_allclose(
            w.T @ w.conj() / len(w), expected * np.eye(3), atol=expected / 20
        )


@pytest.mark.parametrize(("x_shape", "h_shape"), [([2], [5, 4, 3, 2]), ([5, 4, 2], [3, 2])])
def test_leading_dimensions_broadcast_and_noise_does_not_repeat(x_shape, h_shape):
    x, h = complex_normal(x_shape), complex_normal(h_shape)
    y = FlatMIMOChannel(**SIZE)(x, h, 0.1)
    assert y.shape == [5, 4, 3]
    assert len(np.unique(y - tf.linalg.matvec(h, x))) == 60


def test_pilots_are_shared_by_a_group():
    assert FlatMIMOChannel(num_tx_ant=8, num_uses=3).channel_uses() == 3.0
    assert FlatMIMOChannel(num_tx_ant=8, num_uses=3, csi="ls").channel_uses() == 11.0
    assert FlatMIMOChannel(num_tx_ant=8, csi="ls", coherence=16).channel_uses() == 1.5


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"csi": "delayed"}, "needs either `delay_correlation`, or all.*'speed': None"),
        ({"csi": "delayed", "speed": 3.0}, "needs either.*'csi_delay': None"),
        ({"csi": "delayed", "delay_correlation": 0.9, **DOPPLER}, "needs either.*=0.9"),
        ({"csi": "ls", "delay_correlation": 0.9}, "are for `csi`='delayed'. Received: csi='ls'"),
        (DOPPLER, "are for `csi`='delayed'. Received: csi='perfect'"),
        (
            {"csi": "delayed", "delay_correlation": 0.9, "rician_k": 2.0},
            "is for Rayleigh fading.*rician_k=2.0",
        ),
        ({"delay_correlation": 1.1}, "delay_correlation: .*less than or equal to 1"),
        ({"csi": "delayed", **DOPPLER | {"speed": 1e9}}, "speed: .*less than or equal to 277"),
        ({"csi": "delayed", **DOPPLER | {"speed": np.inf}}, "speed: "),
        ({"coherence": 0}, "coherence: .*greater than or equal to 1"),
        ({"num_uses": 0}, "num_uses: .*greater than or equal to 1"),
        ({"realizations": 0}, "realizations: .*greater than or equal to 1"),
        (
            {"realizations": 1, "realization_seed": "training"},
            "must be a number where no study trains. Received: 'training'",
        ),
        ({"realization_seed": "training"}, "is for `realizations` of Rayleigh fading"),
        ({"snr": 3}, "unknown key snr; known are"),
    ],
)
def test_impossible_combinations_are_refused_with_the_reason(settings, reason):
    with pytest.raises(ValueError, match=reason):
        FlatMIMOChannel(**settings)
