# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sionna.phy.mapping import BinarySource
from sionna.phy.utils import complex_normal

from sionna_semcom._seeding import reseed
from sionna_semcom.link import (
    AWGNLink,
    BitsAndLatentsLink,
    CodedTransmission,
    FlatFadingLink,
    PUSCHSettings,
    RetransmissionLink,
    TransportBlockSettings,
)
from sionna_semcom.link.figures import collecting

ROWS, BITS = 2000, 40
PUSCH_BITS = PUSCHSettings(transport_block=TransportBlockSettings())


def sent(link, symbols, no):
    with collecting() as collection:
        symbols_hat, no_eff = link(symbols, no)
    return symbols_hat, no_eff, {k: np.asarray(v) for k, v in collection.figures().items()}


def test_bits_and_latents_meet_the_same_noise():
    link = BitsAndLatentsLink(AWGNLink(), num_info_bits=BITS)
    symbols = complex_normal([ROWS, 7])
    symbols_hat, no_eff, figures = sent(link, symbols, 0.5)
    assert np.mean(np.abs(symbols_hat - symbols) ** 2) == pytest.approx(0.5, rel=0.05)
    np.testing.assert_allclose(no_eff, 0.5)
    assert set(figures) == {"bler", "ber"}
    assert figures["bler"].dtype == bool
    np.testing.assert_array_equal(figures["ber"] > 0, figures["bler"])


def test_block_errors_are_those_of_bits_alone():
    """Over AWGN, the block error rate does not depend on the latents in the row."""
    no = 0.9
    _, _, figures = sent(
        BitsAndLatentsLink(AWGNLink(), num_info_bits=BITS), tf.zeros([ROWS, 5], tf.complex64), no
    )
    bits = BinarySource()([ROWS, BITS])
    alone = CodedTransmission(AWGNLink(), BITS, 0.5, 2)(bits, no)
    wrong = int(np.sum(np.any(alone != bits, 1)))
    assert 0.02 < wrong / ROWS < 0.98
    table = [[wrong, ROWS - wrong], [figures["bler"].sum(), ROWS - figures["bler"].sum()]]
    assert stats.fisher_exact(table).pvalue > 1e-3


@pytest.mark.parametrize("num_symbols", [1, 3, 40, 100])
def test_symbols_of_both_are_spread_over_the_row(num_symbols, monkeypatch):
    inner = AWGNLink()
    link = BitsAndLatentsLink(inner, num_info_bits=BITS)
    rows = []
    monkeypatch.setattr(
        inner, "transmit", lambda x, no: rows.append(x.numpy()) or (x, tf.zeros(x.shape))
    )
    marks = tf.fill([2, num_symbols], tf.constant(9.0, tf.complex64))
    symbols_hat, _ = link(marks, 0.0)
    np.testing.assert_array_equal(symbols_hat, marks)
    is_latent = rows[0][0] == 9.0
    assert is_latent.sum() == num_symbols and is_latent.size == num_symbols + 40
    expected = (np.arange(is_latent.size) + 1) * num_symbols / is_latent.size
    assert np.max(np.abs(np.cumsum(is_latent) - expected)) <= 1.0
    assert link.share(num_symbols) == pytest.approx(40 / is_latent.size)


def test_bits_are_paid_for():
    link = BitsAndLatentsLink(FlatFadingLink(num_tx_ant=2, num_rx_ant=2), num_info_bits=BITS)
    assert link.channel_uses(8, 10) == 10 * (8 + 40) // 2


def test_bits_cross_retransmissions():
    again = RetransmissionLink(FlatFadingLink(), num_transmissions=2)
    link = BitsAndLatentsLink(again, num_info_bits=24)
    figures = sent(link, complex_normal([50, 4]), 0.1)[2]
    assert set(figures) == set(link.settings.metric_names)
    assert {"bler", "transmissions"} < set(figures)
    assert set(link.aggregates) == set(again.aggregates)


def test_graphs_take_rows_of_any_length():
    link = BitsAndLatentsLink(FlatFadingLink(num_rx_ant=2), num_info_bits=24)
    graph = link.graph()
    for shape in ([3, 5], [10, 1], [0, 4]):
        symbols = complex_normal(shape)
        symbols_hat, no_eff = graph(symbols, 0.0)
        np.testing.assert_allclose(symbols_hat, symbols, atol=1e-2)
        assert no_eff.shape == symbols.shape


def test_saved_links_are_the_same():
    link = BitsAndLatentsLink(FlatFadingLink(rician_k=2.0), coderate=0.8, num_bits_per_symbol=4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(link))
    assert again.settings == link.settings
    outputs = []
    for one in (link, again):
        reseed("saved")
        outputs.append(one(tf.ones([4, 3], tf.complex64), 0.1)[0])
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(
    ("link", "settings", "message"),
    [
        ({"kind": "flat_mimo", "num_tx_ant": 2}, {}, "`link` must be a link with.*'flat_mimo'"),
        (PUSCH_BITS, {}, "already carries bits.*'pusch'"),
        (AWGNLink(), {"num_info_bits": 11}, "num_info_bits: .*greater than or equal to 12"),
        (AWGNLink(), {"num_bits_per_symbol": 3}, "must be even and positive. Received: 3"),
        (AWGNLink(), {"coderate": 0.99}, r"`coderate` must be in \[0.2, 0.95\].*0.99, which"),
    ],
)
def test_what_cannot_work_is_refused(link, settings, message):
    with pytest.raises(ValueError, match=message):
        BitsAndLatentsLink(link, **settings)
