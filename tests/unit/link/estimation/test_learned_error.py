# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.ofdm import ResourceGrid

from sionna_semcom.link.estimation.learned_error import ROUNDS, SNRS_DB, LearnedError

VARIANCES = np.array([0.01, 0.03], np.float32).reshape(1, 1, 1, 1, 2, 1, 1)


def grid():
    """Grid of four OFDM symbols. The second contains the pilots of two streams."""
    return ResourceGrid(
        4, 4, 30e3, num_streams_per_tx=2, pilot_pattern="kronecker", pilot_ofdm_symbol_indices=[1]
    )


def estimate(y, no):
    return y, tf.constant(VARIANCES)


def seen(excess):
    """Receiver whose error is ``excess`` times the assumed error, and a list of its calls."""
    calls = []

    def receive(estimator, snr_db):
        no = tf.constant(10 ** (-snr_db / 10), tf.float32)
        calls.append(snr_db)
        told = no + tf.reduce_sum(estimator(tf.zeros([1, 1, 1, 4, 4]), no)[1], axis=[3, 4])
        true = (no + np.sum(VARIANCES)) * excess(snr_db)
        ratio = tf.broadcast_to(true / told, [1, 1, 1, 4, 1])[0, 0, 0, :, 0]
        by_symbol = tf.gather(ratio, [0, 2, 3])  # OFDM symbols with four data elements each
        return tf.tile(tf.repeat(by_symbol, 4)[tf.newaxis, tf.newaxis], [5, 2, 1])

    return receive, calls


def test_what_the_receiver_has_seen_is_what_it_assumes():
    receive, calls = seen(lambda snr_db: 1.0 + max(snr_db, 0.0) / 40.0)
    learned = LearnedError(estimate, grid(), receive)
    assert len(calls) == 2 * len(SNRS_DB)  # the second round verifies the correction
    for snr_db, excess in ((-30.0, 1.0), (-5.0, 1.0), (20.0, 1.5), (25.0, 1.625), (70.0, 2.0)):
        no = np.float32(10 ** (-snr_db / 10))
        _, err_var = learned(tf.zeros([1, 1, 1, 4, 4]), tf.constant(no))
        total = excess * (no + 0.04) - no
        expected = np.maximum(total, 0.0) * VARIANCES[..., 0, 0] / 0.04
        np.testing.assert_allclose(err_var[..., 0, 0], expected, rtol=1e-3)
        np.testing.assert_allclose(err_var[..., 1, 0], VARIANCES[..., 0, 0], rtol=1e-3)  # pilots


def test_each_slot_has_the_correction_of_its_noise_power():
    receive, _ = seen(lambda snr_db: 1.0 + max(snr_db, 0.0) / 40.0)
    learned = LearnedError(estimate, grid(), receive)
    ratio = learned.ratio(tf.constant([1.0, 1e-2, 0.0]))
    np.testing.assert_allclose(ratio[:, 0, 0, 0, 0, 0, 0], [1.0, 1.5, 2.0], rtol=1e-3)


@pytest.mark.parametrize(("excess", "rounds"), [(1.02, 1), (1.06, 2), (0.7, ROUNDS)])
def test_it_is_measured_again_only_where_it_was_off(excess, rounds):
    """The error variance cannot be negative, so that ``no_eff`` is at least the noise power."""
    receive, calls = seen(lambda snr_db: excess)
    LearnedError(estimate, grid(), receive)
    assert len(calls) == rounds * len(SNRS_DB)


def test_the_deviation_is_that_of_symbols_with_data():
    """Three of the four symbols: as one of four, the reference signals would make it 3 %."""
    receive, _ = seen(lambda snr_db: 1.04)
    assert LearnedError(estimate, grid(), receive).off == pytest.approx(0.04, abs=1e-4)
