# SPDX-License-Identifier: Apache-2.0
"""Bit error simulations in the Monte Carlo of any metric."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erfc
from scipy.stats import norm
from sionna.phy import Block, config
from sionna.phy.channel import AWGN
from sionna.phy.mapping import BinarySource, Demapper, Mapper
from sionna.phy.utils import ebnodb2no, sim_ber

from sionna_semcom.link import AWGNLink, CodedTransmission, Link
from sionna_semcom.link.figures import collecting, wanted
from sionna_semcom.simulation import BitErrors, sim_metrics

SNRS_DB, BLOCK = [0.0, 4.0, 8.0], 8


class Uncoded(Block):
    """QPSK over AWGN, in blocks of eight bits."""

    def __init__(self, hard=True):
        super().__init__()
        self.source, self.mapper, self.awgn = BinarySource(), Mapper("qam", 2), AWGN()
        self.demapper = Demapper("app", "qam", 2, hard_out=hard)

    def call(self, batch_size, ebno_db):
        no = ebnodb2no(ebno_db, 2, 1.0)
        bits = self.source([batch_size, 3, BLOCK])
        return bits, self.demapper(self.awgn(self.mapper(bits), no), no)


def batches(number):
    return tf.data.Dataset.range(number)


@pytest.mark.parametrize("soft", [False, True])
def test_error_rates_are_those_of_theory_and_of_sim_ber(soft):
    chain = Uncoded(hard=not soft)
    errors = BitErrors(chain, 100, soft_estimates=soft)
    curve = sim_metrics(errors, batches(20), SNRS_DB, confidence=0.999, progress=False).curve
    config.seed = 4
    options = {"soft_estimates": soft, "verbose": False, "early_stop": False}
    theirs = sim_ber(chain, SNRS_DB, 100, 20, graph_mode="graph", **options)
    p = 0.5 * erfc(np.sqrt(10 ** (np.array(SNRS_DB) / 10)))
    for name, right, measured in zip(
        ("ber", "bler"), (p, 1 - (1 - p) ** BLOCK), theirs, strict=True
    ):
        ours = curve.metrics[name]
        assert np.all((ours.ci_low <= right) & (right <= ours.ci_high)), name
        spread = norm.isf(0.0005) * np.sqrt(right / (20 * 100 * 3)) + ours.ci_high - ours.mean
        assert np.all(np.abs(ours.mean - measured) <= spread), name
        np.testing.assert_array_equal(ours.count, 20 * 100 * 3)


def test_a_point_ends_after_a_number_of_block_errors():
    result = sim_metrics(
        BitErrors(Uncoded(), 50), batches(40), SNRS_DB, min_mc_iter=2, progress=False,
        num_target_errors={"bler": 100},
    )  # fmt: skip
    bler = result.curve.metrics["bler"]
    errors = np.round(bler.mean * bler.count)
    iterations = bler.count // 150
    assert errors[0] >= 100
    assert errors[0] - 100 <= 150  # of the last batch
    assert np.all(np.diff(iterations) > 0)
    assert iterations[-1] == 40  # as many batches as there are, with few errors


def test_errors_and_half_widths_are_reached_together():
    targets = {"target_half_width": {"ber": 0.004}, "num_target_errors": {"bler": 20}}
    for removed, expected in (("target_half_width", 2), ("", 3)):
        kept = {key: value for key, value in targets.items() if key != removed}
        result = sim_metrics(
            BitErrors(Uncoded(), 50), batches(400), [0.0], min_mc_iter=2, progress=False, **kept
        )
        ber = result.curve.metrics["ber"]
        assert ber.count[0] // 150 >= expected
    assert ber[0].half_width <= 0.004


def measure(batch, snr_db):
    return {"ber": tf.zeros([4]), "bler": tf.zeros([4], tf.bool)}


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({"wrong": 3}, "num_target_errors: there is no metric 'wrong', only ber, bler"),
        ({"ber": 3}, "needs metrics of type bool, such as bler. Received: ber of type float32"),
        ({"bler": 0}, "num_target_errors.bler: .*greater than 0. Received: 0"),
    ],
)
def test_impossible_targets_are_refused(targets, message):
    with pytest.raises(ValueError, match=message):
        sim_metrics(measure, batches(3), [0.0], num_target_errors=targets, progress=False)


def test_a_batch_size_must_be_positive():
    with pytest.raises(ValueError, match=r"`batch_size` must be at least 1. Received: 0"):
        BitErrors(Uncoded(), 0)


class Flipping(Link):
    """Inverts the sign of half of the rows. The link also carries its own bits."""

    def transmit(self, symbols, no):
        if (collection := wanted()) is not None:
            collection.note({"bler": tf.ones([4], tf.bool)})
        sign = tf.cast([[1.0], [-1.0], [1.0], [-1.0]], symbols.dtype)
        return sign * symbols, tf.fill(symbols.shape, 0.01)

    def channel_uses(self, num_symbols, num_latents=1):
        return num_symbols * num_latents


def test_coded_bits_are_counted_codeword_by_codeword():
    coded = CodedTransmission(Flipping(), 24, 0.5, 2)
    bits = BinarySource()([4, 24])
    with collecting() as collection:
        bits_hat = coded(bits, 0.01)
    figures = collection.figures()
    np.testing.assert_array_equal(figures["bler"], [False, True, False, True])
    np.testing.assert_allclose(figures["ber"], np.mean(bits_hat != bits, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(figures["link/bler"], [True] * 4)
    noiseless = CodedTransmission(AWGNLink(), 24, 0.5, 2)
    with collecting() as collection:
        noiseless(bits, 0.0)
    assert set(collection.figures()) == {"bler", "ber"}
    assert math.isclose(float(tf.reduce_mean(collection.figures()["ber"])), 0.0)


@pytest.mark.parametrize("graph_mode", [None, "graph"])
@pytest.mark.parametrize("soft", [False, True])
def test_estimates_that_are_not_numbers_are_no_right_bits(graph_mode, soft):
    def chain(batch_size, ebno_db):
        bits = tf.zeros([batch_size, BLOCK])
        return bits, bits + tf.one_hot(1, BLOCK) * math.nan

    with pytest.raises(FloatingPointError, match="bler have non-finite inputs for 3 of 3"):
        sim_metrics(BitErrors(chain, 3, soft), batches(3), [0.0], graph_mode=graph_mode)


def test_certain_estimates_are_right():
    """Infinite logits are decisions."""

    def chain(batch_size, ebno_db):
        bits = tf.ones([batch_size, BLOCK])
        return bits, bits * math.inf

    found = sim_metrics(BitErrors(chain, 3, True), batches(3), [0.0], progress=False)
    assert found.curve.metrics["ber"].mean == 0.0
