# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from sionna_semcom._seeding import set_seed
from sionna_semcom.channel.fading import FlatFading
from sionna_semcom.link import FlatFadingLink


def qpsk(batch, num_symbols):
    quadrant = tf.random.uniform([batch, num_symbols], maxval=4, dtype=tf.int32)
    phase = np.pi / 2 * (tf.cast(quadrant, tf.float32) + 0.5)
    return tf.complex(tf.cos(phase), tf.sin(phase))


def test_rayleigh_gains_are_exponential():
    h, h_hat, _ = FlatFading(num_tx_ant=2, num_rx_ant=3)([3000])
    assert h.shape == [3000, 3, 2]
    assert stats.kstest(np.abs(h).ravel() ** 2, stats.expon.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(h, h_hat)


@pytest.mark.parametrize("k", [0.0, 1.0, 10.0])
def test_rician_gains_have_unit_mean_and_the_variance_of_k(k):
    h, _, _ = FlatFading(rician_k=k)([100_000])
    gain = np.abs(h).ravel() ** 2
    assert gain.mean() == pytest.approx(1.0, abs=0.015)
    assert gain.var() == pytest.approx((1 + 2 * k) / (1 + k) ** 2, rel=0.05)


def test_line_of_sight_is_a_single_plane_wave():
    h = FlatFading(num_tx_ant=3, num_rx_ant=4, rician_k=1e9)([50])[0].numpy()
    values = np.linalg.svd(h, compute_uv=False)
    np.testing.assert_allclose(values[:, 0] ** 2, 12.0, rtol=1e-3)
    assert np.all(values[:, 1:] < 1e-3)
    step = h[:, 1:] / h[:, :-1]  # uniform linear array: constant phase difference
    np.testing.assert_allclose(step, np.broadcast_to(step[:, :1, :1], step.shape), atol=1e-3)


@pytest.mark.parametrize("k", [None, 3.0])
def test_csi_error_has_its_variance_and_is_independent_of_the_estimate(k):
    fading = FlatFading(csi_error_variance=0.2, rician_k=k)
    h, h_hat, variance = (np.ravel(x) for x in fading([100_000]))
    error = h - h_hat
    assert variance[0] == pytest.approx(0.2 / (1 + (k or 0)))
    assert np.mean(np.abs(error) ** 2) == pytest.approx(variance[0], rel=0.02)
    assert np.mean(np.abs(h) ** 2) == pytest.approx(1.0, abs=0.02)
    assert abs(np.corrcoef(error, h_hat)[0, 1]) < 4 / np.sqrt(h.size)


@pytest.mark.parametrize(("fading", "varies"), [("block", False), ("symbol", True)])
def test_channel_changes_with_the_latent_or_with_the_symbol(fading, varies):
    _, no_eff = FlatFadingLink(fading=fading)(qpsk(20, 6), 0.1)
    spread = np.ptp(no_eff, axis=1)
    assert np.all(spread > 0) if varies else not np.any(spread)
    assert np.ptp(no_eff[:, 0]) > 0


@pytest.mark.parametrize("streams", [1, 2, 3])
def test_zero_forcing_has_the_snr_distribution_of_theory(streams):
    """The SNR after zero forcing is Gamma(M - K + 1) (Winters, Salz, Gitlin 1994)."""
    antennas, no = 4, 0.1
    link = FlatFadingLink(num_tx_ant=streams, num_rx_ant=antennas, equalizer="zf")
    _, no_eff = link(qpsk(4000, streams), no)
    snr = 1 / no_eff[:, 0].numpy()
    theory = stats.gamma(antennas - streams + 1, scale=1 / (streams * no))
    assert stats.kstest(snr, theory.cdf).pvalue > 1e-3


def test_one_stream_is_combined_alike_by_all_equalizers():
    symbols, outputs = qpsk(30, 4), []
    for equalizer in ("lmmse", "zf", "mf"):
        set_seed("the same channel and noise")
        outputs.append(FlatFadingLink(num_rx_ant=3, equalizer=equalizer)(symbols, 0.05))
    for symbols_hat, no_eff in outputs[1:]:
        np.testing.assert_allclose(symbols_hat, outputs[0][0], rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(no_eff, outputs[0][1], rtol=1e-3)


@pytest.mark.parametrize("num_symbols", [1, 2, 5])
def test_what_does_not_fill_a_channel_use_is_padded_and_counted(num_symbols):
    link = FlatFadingLink(num_tx_ant=2, num_rx_ant=2, fading="symbol")
    symbols = qpsk(4, num_symbols)
    symbols_hat, _ = link(symbols, 1e-6)
    assert link.channel_uses(num_symbols, 4) == 4 * -(-num_symbols // 2)
    np.testing.assert_allclose(symbols_hat, symbols, atol=0.1)


def test_more_streams_than_receive_antennas_cannot_be_zero_forced():
    with pytest.raises(ValueError, match=r"'zf' needs at least.*num_tx_ant=3, num_rx_ant=2"):
        FlatFadingLink(num_tx_ant=3, num_rx_ant=2, equalizer="zf")


@pytest.mark.parametrize(
    "wrong",
    [{"num_tx_ant": 0}, {"rician_k": -1.0}, {"csi_error_variance": 1.0}, {"fading": "fast"}],
    ids=str,
)
def test_values_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        FlatFadingLink(**wrong)
