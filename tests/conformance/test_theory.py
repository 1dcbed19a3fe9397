# SPDX-License-Identifier: Apache-2.0
"""Links against closed forms: symbol error after LMMSE, and error rates of uncoded QAM."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special, stats
from sionna.phy.mapping import BinarySource, Demapper, Mapper
from sionna.phy.utils import complex_normal

from sionna_semcom.link import AWGNLink, FlatFadingLink, OFDMLink
from sionna_semcom.mapping import LatentDemapper

CONFIDENCE = 3.9  # standard deviations: one test in 10,000 would fail by chance


def assert_mean(samples, expected):
    """The mean of independent ``samples`` agrees with ``expected``."""
    error = np.mean(samples) - expected
    assert abs(error) < CONFIDENCE * np.std(samples) / np.sqrt(len(samples)), (
        f"{np.mean(samples):.5g} instead of {expected:.5g}"
    )


def lmmse_errors(link, num_latents, no, compiled):
    """Squared error of each latent's single symbol after the LMMSE estimator."""
    demapper = LatentDemapper(2, "lmmse")

    def run(symbols):
        return demapper(*link(symbols, no)) - LatentDemapper(2)(symbols)

    error = compiled(run)(complex_normal([num_latents, 1]))
    return np.sum(np.square(error), axis=-1)


def bit_errors(link, num_bits_per_symbol, num_words, no, compiled, num_symbols=1):
    """Bit error rate of each word of ``num_symbols`` with bitwise decisions, and ``no_eff``."""
    mapper = Mapper("qam", num_bits_per_symbol)
    demapper = Demapper("app", "qam", num_bits_per_symbol, hard_out=True)

    def run(bits):
        symbols_hat, no_eff = link(mapper(bits), no)
        return tf.abs(demapper(symbols_hat, no_eff) - bits), no_eff

    bits = BinarySource()([num_words, num_symbols * num_bits_per_symbol])
    errors, no_eff = compiled(run)(bits)
    return np.mean(errors, axis=-1), no_eff.numpy()


def q_function(x):
    return stats.norm.sf(x)


def qam_ber(num_bits_per_symbol, snr):
    """Bit error rate of Gray-mapped square QAM over AWGN (Cho and Yoon 2002)."""
    if num_bits_per_symbol == 2:
        return q_function(np.sqrt(snr))
    unit = np.sqrt(snr / 5)  # 16-QAM: from a point to the nearest threshold, over the noise
    return (3 * q_function(unit) + 2 * q_function(3 * unit) - q_function(5 * unit)) / 4


def over_diversity(function, no, branches):
    """Mean of ``function(snr)`` over Rayleigh fading with maximum-ratio combining."""
    gain = stats.gamma(branches)
    return integrate.quad(lambda g: function(g / no) * gain.pdf(g), 0, 60, limit=200)[0]


@pytest.mark.parametrize("no", [1.0, 0.1])
def test_lmmse_error_over_awgn(compiled, no):
    errors = lmmse_errors(AWGNLink(), 20_000, no, compiled)
    assert_mean(errors, no / (1 + no))


@pytest.mark.parametrize("no", [1.0, 0.1])
def test_lmmse_error_over_rayleigh_fading(compiled, no):
    errors = lmmse_errors(FlatFadingLink(), 50_000, no, compiled)
    assert_mean(errors, no * np.exp(no) * special.exp1(no))


def test_lmmse_error_with_receive_diversity(compiled):
    errors = lmmse_errors(FlatFadingLink(num_rx_ant=3), 20_000, 0.5, compiled)
    assert_mean(errors, over_diversity(lambda snr: 1 / (1 + snr), 0.5, branches=3))


@pytest.mark.parametrize(("num_bits_per_symbol", "no"), [(2, 0.3), (4, 0.08)])
def test_qam_over_awgn(compiled, num_bits_per_symbol, no):
    errors, _ = bit_errors(AWGNLink(), num_bits_per_symbol, 50_000, no, compiled)
    assert_mean(errors, qam_ber(num_bits_per_symbol, 1 / no))


def test_qpsk_over_rayleigh_fading_with_perfect_csi(compiled):
    no = 0.1
    errors, _ = bit_errors(FlatFadingLink(), 2, 50_000, no, compiled)
    snr_per_bit = 1 / (2 * no)
    assert_mean(errors, 0.5 * (1 - np.sqrt(snr_per_bit / (1 + snr_per_bit))))  # Proakis 13.3-7


@pytest.mark.parametrize(("num_bits_per_symbol", "branches"), [(2, 2), (4, 1), (4, 4)])
def test_qam_over_rayleigh_fading_with_diversity(compiled, num_bits_per_symbol, branches):
    no = 0.15
    errors, _ = bit_errors(
        FlatFadingLink(num_rx_ant=branches), num_bits_per_symbol, 50_000, no, compiled
    )
    expected = over_diversity(lambda snr: qam_ber(num_bits_per_symbol, snr), no, branches)
    assert_mean(errors, expected)


def test_qpsk_over_ofdm_is_as_good_as_the_reported_noise(compiled):
    """With one stream and perfect CSI, the error is Gaussian with exactly the reported power."""
    grid = {"num_tx_ant": 1, "num_rx_ant": 1, "fft_size": 24}
    link = OFDMLink(model="TDL-C", csi="perfect", **grid)
    errors, no_eff = bit_errors(link, 2, 12_000, 0.1, compiled)
    assert_mean(errors - qam_ber(2, 1 / no_eff[:, 0]), 0.0)
