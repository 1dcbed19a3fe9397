# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.channel import AWGN
from sionna.phy.fec.ldpc import LDPC5GDecoder, LDPC5GEncoder
from sionna.phy.mapping import BinarySource, Demapper, Mapper

from sionna_semcom._seeding import reseed
from sionna_semcom.link import AWGNLink, CodedTransmission, FlatFadingLink, RetransmissionLink
from sionna_semcom.link.figures import collecting


def test_bits_arrive_without_noise(compiled):
    bits = BinarySource()([20, 64])
    link = CodedTransmission(AWGNLink(), num_info_bits=64, coderate=0.5, num_bits_per_symbol=4)
    np.testing.assert_array_equal(compiled(link)(bits, 0.0), bits)


def test_decisions_are_those_of_sionnas_own_chain():
    k, n, m, no = 100, 200, 4, 0.22
    bits = BinarySource()([300, k])
    encoder, awgn = LDPC5GEncoder(k, n, m), AWGN()
    decoder, demapper = LDPC5GDecoder(encoder, num_iter=20), Demapper("app", "qam", m)
    reseed("chain")
    expected = decoder(demapper(awgn(Mapper("qam", m)(encoder(bits)), no), no))
    reseed("chain")
    decided = CodedTransmission(AWGNLink(), k, k / n, m)(bits, no)
    np.testing.assert_array_equal(decided, expected)
    assert 0 < np.mean(np.any(decided != bits, axis=-1)) < 1


def test_codewords_fill_whole_symbols_and_channel_uses():
    link = CodedTransmission(FlatFadingLink(num_tx_ant=2, num_rx_ant=2), 50, 1 / 3, 4)
    assert link.num_symbols == 38
    assert link.channel_uses(num_latents=10) == 190
    assert link(BinarySource()([2, 50]), 0.1).shape == [2, 50]


def test_figures_of_retransmissions_keep_the_names_of_their_aggregates():
    link = RetransmissionLink(FlatFadingLink(), num_transmissions=3)
    with collecting() as collection:
        CodedTransmission(link, 24, 0.5, 2)(BinarySource()([10, 24]), 0.1)
    figures = collection.figures()
    assert set(figures) == {"bler", "ber", *link.settings.metric_names} >= set(link.aggregates)
    np.testing.assert_array_equal(figures["transmissions"], np.full(10, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((11, 0.5, 2), r"`num_info_bits` must be in \[12, 8448\]. Received: 11"),
        ((64, 0.5, 3), "`num_bits_per_symbol` must be even and positive. Received: 3"),
        ((64, -0.5, 2), "`coderate` must be positive. Received: -0.5"),
        ((64, 0.99, 2), r"`coderate` must be in \[0.2, 0.95\].*0.99, which is rounded to 64/66"),
        ((64, 0.1, 2), r"`coderate` must be in \[0.2, 0.95\].*0.1, which is rounded to 64/640"),
    ],
)
def test_impossible_codes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        CodedTransmission(AWGNLink(), *arguments)


@pytest.mark.parametrize("link", [AWGNLink(), FlatFadingLink(num_rx_ant=4)], ids=["awgn", "flat"])
def test_no_bits_and_no_noise(link):
    coded = CodedTransmission(link, 64, 0.5, 4)
    graph = tf.function(
        coded, input_signature=[tf.TensorSpec([None, 64]), tf.TensorSpec([])], autograph=False
    )
    for run in (coded, graph):
        assert run(tf.zeros([0, 64]), tf.constant(0.1)).shape == [0, 64]
        bits = BinarySource()([20, 64])
        np.testing.assert_array_equal(run(bits, tf.constant(0.0)), bits)


@pytest.mark.parametrize(
    ("bits", "message"),
    [
        (np.full([3, 64], np.nan), "`bits` must be zeros and ones. Received: nan in row 0"),
        (np.eye(3, 64) * 0.5, "`bits` must be zeros and ones. Received: 0.5 in row 0"),
        (np.zeros([3, 60]), r"`bits` must have shape \[batch, 64\]. Received: shape=\(3, 60\)"),
        (np.zeros(64), r"`bits` must have shape \[batch, 64\]. Received: shape=\(64,\)"),
    ],
)
def test_what_is_no_bits_is_refused(bits, message):
    with pytest.raises(ValueError, match=message):
        CodedTransmission(AWGNLink(), 64, 0.5, 4)(tf.constant(bits, tf.float32), 0.1)


@pytest.mark.parametrize("no", [np.nan, -1.0, np.inf])
def test_noise_powers_that_are_none_are_refused(no):
    with pytest.raises(ValueError, match="`no` must be real, finite and not negative"):
        CodedTransmission(AWGNLink(), 64, 0.5, 4)(tf.zeros([3, 64]), no)
