# SPDX-License-Identifier: Apache-2.0
"""Links with empty batches, with non-finite numbers, and with different batch sizes."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.channel.noise import NonFiniteInputError
from sionna_semcom.link import AWGNLink, FlatFadingLink, OFDMLink

BAD = [np.nan, -0.1, np.inf, -np.inf]


@functools.cache
def graphs(link):
    """Graphs for any batch size, with scalar noise power and noise power per row, traced once."""
    symbols = tf.TensorSpec([None, None], tf.complex64)
    return [
        tf.function(link, input_signature=[symbols, tf.TensorSpec(shape)], autograph=False)
        for shape in ([], [None])
    ]


@pytest.mark.parametrize("kind", ["scalar", "vector"])
def test_nothing_in_gives_nothing_out(link, kind):
    for shape in ((0, 5), (3, 0), (0, 0)):
        symbols = tf.zeros(shape, tf.complex64)
        no = tf.constant(0.1) if kind == "scalar" else tf.fill(shape[:1], 0.1)
        for run in (link, graphs(link)[no.shape.rank]):
            symbols_hat, no_eff = run(symbols, no)
            assert (symbols_hat.shape, symbols_hat.dtype) == (shape, tf.complex64)
            assert (no_eff.shape, no_eff.dtype) == (shape, tf.float32)


def test_a_row_that_is_not_finite_is_named(link):
    symbols = complex_normal([6, 5]).numpy()
    symbols[3, 1] = complex(0.0, np.nan)
    with pytest.raises(ValueError, match=r"^`symbols` must be finite. Received: .*nan.* in row 3$"):
        link(symbols, 0.1)
    symbols[3, 1] = np.inf
    with pytest.raises(FloatingPointError, match=r"^`symbols` must be finite. Received: .*inf"):
        link(symbols, 0.1)
    symbols[3, 1] = 1e30
    with pytest.raises(ValueError, match=r"^`symbols` have unit .* 10000 .*: 1e\+30\+0j in row 3$"):
        link(symbols, 0.1)


def stays_in_its_row(graph, bad):
    symbols = complex_normal([6, 5]).numpy()
    clean, others = symbols.copy(), np.arange(6) != 2
    clean[2], symbols[2, 4] = 0.0, bad
    reseed("call")
    expected = graph(tf.constant(clean), tf.constant(0.1))
    reseed("call")
    for part, wanted in zip(graph(tf.constant(symbols), tf.constant(0.1)), expected, strict=True):
        assert np.all(np.isfinite(wanted))
        assert np.all(np.isnan(part[2]))
        np.testing.assert_array_equal(part.numpy()[others], wanted.numpy()[others])


def test_a_row_that_is_not_finite_leaves_others_alone_in_graphs(link):
    for bad in (np.nan, complex(0.0, np.inf), 1e30, 1.1e4j):
        stays_in_its_row(graphs(link)[0], bad)


FEW = {
    "flat": lambda: FlatFadingLink(num_tx_ant=2, num_rx_ant=2),
    "ofdm": lambda: OFDMLink(model="TDL-A", csi="perfect", num_rx_ant=2, fft_size=24),
}


@pytest.mark.parametrize("kind", FEW)
def test_xla_keeps_what_is_wrong_in_its_row(kind):
    link = FEW[kind]()
    stays_in_its_row(tf.function(link, jit_compile=True), np.nan)
    no = np.float32([0.1, 0.1, np.nan, 0.1, -1.0, np.inf])
    outputs = tf.function(link, jit_compile=True)(complex_normal([6, 5]), tf.constant(no))
    for part in outputs:
        wrong = [False, False, True, False, True, True]
        np.testing.assert_array_equal(np.all(np.isnan(part), axis=1), wrong)
        np.testing.assert_array_equal(np.any(np.isnan(part), axis=1), wrong)


@pytest.mark.parametrize("link", ["awgn", "cdl_ls"], indirect=True)
def test_a_row_that_is_not_finite_has_no_gradient_and_spoils_none(link):
    symbols = complex_normal([6, 5]).numpy()
    symbols[2, 0] = np.nan

    @tf.function
    def gradient(symbols):
        with tf.GradientTape() as tape:
            tape.watch(symbols)
            energy = tf.reduce_sum(tf.abs(link(symbols, 0.01)[0]) ** 2)
        return tape.gradient(energy, symbols), energy

    slope, energy = gradient(tf.constant(symbols))
    assert np.isnan(energy)  # so that training stops
    slope = np.delete(slope.numpy(), 2, axis=0)
    assert np.all(np.isfinite(slope))
    assert np.all(np.abs(slope) > 0)


def test_a_noise_power_that_is_none_is_named(link):
    for no in [*BAD, 1e308, 1j, None, "loud"]:
        with pytest.raises(ValueError, match=r"^`no` must be real, finite and not negative. Rec"):
            link(complex_normal([3, 5]), no)


def test_the_latent_whose_noise_power_is_none_is_named(link):
    with pytest.raises(ValueError, match=r"^`no` must .* Received: nan in row 1$"):
        link(complex_normal([3, 5]), [0.1, np.nan, 0.1])


def test_a_noise_power_that_is_none_stops_a_graph(link):
    symbols, rule = complex_normal([3, 5]), "`no` must be real, finite and not negative"
    for no in BAD:
        with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
            graphs(link)[0](symbols, tf.constant(no, tf.float32))
        with pytest.raises(ValueError, match=rule):
            tf.function(lambda symbols, no=no: link(symbols, no))(symbols)


@pytest.mark.parametrize("link", ["awgn", "rician_csi_error", "cdl_ls"], indirect=True)
def test_one_graph_serves_all_batches_and_noise_powers(link, monkeypatch):
    traced, transmit = [], link.transmit

    def count(symbols, no):
        traced.append(no.shape.rank)
        return transmit(symbols, no)

    monkeypatch.setattr(link, "transmit", count)
    graph = link.graph()
    for batch, no in ((1, 0.1), (4, 0.2), (7, np.float64(0.2)), (0, tf.constant(0.3)), (2, 1)):
        assert graph(complex_normal([batch, 5]), no)[0].shape == [batch, 5]
    for batch, dtype in ((3, np.float32), (0, np.float64)):
        assert graph(complex_normal([batch, 4]), np.full(batch, 0.1, dtype))[1].shape == [batch, 4]
    assert sorted(traced) == [0, 1]
    symbols = complex_normal([4, 5])
    reseed("call")
    received = graph(symbols, 0.1)
    monkeypatch.undo()
    reseed("call")
    for part, expected in zip(received, link(symbols, 0.1), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-3, atol=1e-3)


def test_a_graph_refuses_what_the_link_refuses():
    graph = AWGNLink().graph()
    with pytest.raises(NonFiniteInputError, match="`symbols` must be finite"):
        graph(tf.fill([2, 3], tf.constant(np.nan, tf.complex64)), 0.1)
    with pytest.raises(ValueError, match="`no` must be real, finite and not negative"):
        graph(tf.ones([2, 3], tf.complex64), -1.0)


def test_a_compiled_graph_serves_all_batches():
    link = FlatFadingLink(num_tx_ant=2, num_rx_ant=4)
    graph = link.graph(jit_compile=True)
    for batch in (0, 5, 20_000):
        symbols = complex_normal([batch, 5])
        symbols_hat, no_eff = graph(symbols, 0.1)
        assert symbols_hat.shape == no_eff.shape == symbols.shape
    error = np.abs(symbols_hat - symbols) ** 2
    assert np.mean(error / no_eff) == pytest.approx(1.0, abs=0.05)


def test_the_extreme_snrs_that_are_accepted_work(link):
    for snr_db in (-300.0, 300.0):
        symbols_hat, no_eff = link(complex_normal([50, 5]), 10.0 ** (-snr_db / 10.0))
        assert np.all(np.isfinite(symbols_hat))
        assert np.all(np.isfinite(no_eff))
