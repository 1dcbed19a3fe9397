# SPDX-License-Identifier: Apache-2.0
"""Your own channels give equal results in any unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel import OFDMMIMOChannel
from sionna_semcom.link import FlatFadingLink, OFDMLink
from sionna_semcom.link.ofdm.equalization import diagonal_lmmse_equalizer
from sionna_semcom.link.ofdm.precoding import rzf_matrix

POWERS = [3e-13, 1e13, 1e-25]
GRID: dict[str, Any] = {"num_tx_ant": 2, "num_rx_ant": 4, "fft_size": 24}
DOWNLINK: dict[str, Any] = {"num_tx_ant": 4, "num_rx_ant": 2, "precoding": "rzf"}

LINKS: dict[str, dict[str, Any]] = {
    "perfect": {"csi": "perfect"},
    "lin": {},
    "lmmse": {"interpolation": "lmmse"},
    "no statistics": {"statistics": "none"},
    "zf": {"equalizer": "zf"},
    "mf": {"equalizer": "mf"},
    "svd": {"precoding": "svd"},
    "rzf": {**DOWNLINK, "csi": "perfect"},
    "rzf, estimated": DOWNLINK,
    "three streams": {"num_tx_ant": 3},
}


def scaled(matrix, power):
    return matrix * tf.cast(power**0.5, matrix.dtype)


def in_other_units(link, replace, symbols):
    """The output in all units equals that of unit power, and is finite without noise."""
    channel = link.channel
    reseed("call")
    expected = link(symbols, 0.1)
    for power in POWERS:
        link.channel = replace(channel, power)
        reseed("call")
        for part, wanted in zip(link(symbols, 0.1 * power), expected, strict=True):
            np.testing.assert_allclose(part, wanted, rtol=1e-3, atol=1e-4)
        assert all(np.all(np.isfinite(part)) for part in link(symbols, 0.0))


@pytest.mark.filterwarnings("ignore:`no_eff` may differ from the error")
@pytest.mark.parametrize("kind", LINKS)
def test_ofdm(kind):
    def replace(channel, power):
        return lambda num_slots: scaled(channel(num_slots), power)

    in_other_units(OFDMLink(**GRID | LINKS[kind]), replace, complex_normal([60, 8]))


def test_each_slot_of_an_own_channel_may_have_a_power_of_its_own():
    """Two users differ by 60 dB: the statistics are known up to the power of each slot."""
    link: Any = OFDMLink(interpolation="lmmse", packing=False, **GRID)
    channel, symbols = link.channel, complex_normal([40, 8])
    powers = np.where(np.arange(40) % 2, 1e-12, 1e-6).astype(np.float32)
    reseed("call")
    expected = link(symbols, np.full(40, 0.01))
    amplitudes = powers.reshape(-1, 1, 1, 1, 1, 1, 1) ** 0.5
    link.channel = lambda num_slots: amplitudes * channel(num_slots)
    reseed("call")
    for part, wanted in zip(link(symbols, 0.01 * powers), expected, strict=True):
        np.testing.assert_allclose(part, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("equalizer", ["lmmse", "zf", "mf"])
def test_flat_fading(equalizer):
    def replace(channel, power):
        def draw(shape):
            h, h_hat, error_variance = channel(shape)
            return scaled(h, power), scaled(h_hat, power), error_variance * power

        return draw

    link = FlatFadingLink(num_tx_ant=2, num_rx_ant=3, equalizer=equalizer, csi_error_variance=0.02)
    in_other_units(link, replace, complex_normal([500, 8]))


@pytest.mark.parametrize("csi", ["ls", "delayed"])
def test_ofdm_mimo(csi):
    power = 3e-13
    channel: Any = OFDMMIMOChannel(
        csi=csi, csi_delay=4 if csi == "delayed" else None, speed=30.0, fft_size=24, num_uses=2,
        num_rx_ant=2, pool_size=64,
    )  # fmt: skip
    slots = channel.slots
    reseed("draw")
    expected = channel.draw(50, 0.1)
    channel.slots = lambda groups: scaled(slots(groups), power)
    channel._draw = channel._draw_slots  # the graph holds the channel that it was traced with
    reseed("draw")
    got = channel.draw(50, 0.1 * power)
    for part, wanted in zip(got[:3], expected[:3], strict=True):
        np.testing.assert_allclose(part / power**0.5, wanted, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(got.error_variance / power, expected.error_variance, rtol=1e-3)


@pytest.mark.parametrize("power", [1.0, *POWERS])
def test_lmmse_of_a_noiseless_channel_is_finite_and_right(power):
    h, x = scaled(complex_normal([500, 4, 2]), power), complex_normal([500, 2])
    noise = tf.zeros([500, 1])
    x_hat, no_eff = diagonal_lmmse_equalizer(tf.linalg.matvec(h, x), h, noise)
    np.testing.assert_allclose(x_hat, x, atol=1e-3)
    assert np.all((no_eff > 0) & (no_eff < 1e-4))
    nothing = diagonal_lmmse_equalizer(tf.zeros([3, 4], tf.complex64), 0.0 * h[:3], noise[:3])
    assert all(np.all(np.isfinite(part)) for part in nothing)


@pytest.mark.parametrize("power", [1.0, *POWERS])
def test_rzf_without_noise_inverts_the_channel(power):
    h = complex_normal([50, 2, 4])
    seen = np.abs(h @ rzf_matrix(scaled(h, power), tf.zeros([])))
    cross = seen[:, [0, 1], [1, 0]] / seen[:, [0, 1], [0, 1]]
    assert np.max(cross) < 1e-3


def test_very_weak_signals_keep_their_scale():
    """At -140 dB, x_hat equals x plus noise of the reported power: no gain is clipped."""
    h, x = complex_normal([20_000, 2, 1]), complex_normal([20_000, 1])
    y = tf.linalg.matvec(h, x) + 1e7 * complex_normal([20_000, 2])
    x_hat, no_eff = diagonal_lmmse_equalizer(y, h, tf.constant(1e14))
    assert np.mean(np.abs(x_hat - x) ** 2 / no_eff) == pytest.approx(1.0, abs=0.05)
