# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sionna.phy.utils import compute_ber, compute_bler

from sionna_semcom import metrics
from sionna_semcom.metrics import METRICS


@pytest.mark.parametrize("dtype", [tf.float32, tf.int32, tf.bool])
def test_error_rates_are_those_of_sionna(compiled, dtype):
    rng = np.random.default_rng(1)
    bits = rng.integers(2, size=(40, 30))
    flipped = (rng.random(bits.shape) < 0.03) ^ bits
    sent, decided = (tf.cast(one, dtype) for one in (bits, flipped))
    rates, wrong = compiled(lambda: (metrics.ber(sent, decided), metrics.bler(sent, decided)))()
    np.testing.assert_allclose(rates, np.mean(bits != flipped, axis=1), rtol=1e-6)
    np.testing.assert_array_equal(wrong, np.any(bits != flipped, axis=1))
    theirs = tf.cast(bits, tf.float32), tf.cast(flipped, tf.float32)
    assert np.mean(rates) == pytest.approx(float(compute_ber(*theirs)))
    assert np.mean(wrong) == pytest.approx(float(compute_bler(*theirs)))


def test_a_block_is_all_of_a_row():
    bits = tf.zeros([2, 3, 4])
    decided = tf.one_hot([0, 0, 0], 4)[tf.newaxis] * tf.reshape([0.0, 1.0], [2, 1, 1])
    np.testing.assert_allclose(metrics.ber(bits, decided), [0.0, 0.25])
    np.testing.assert_array_equal(metrics.bler(bits, decided), [False, True])


def test_both_are_metrics_by_name():
    bits, decided = tf.constant([[0.0, 1.0]]), tf.constant([[1.0, 1.0]])
    assert METRICS.build({"kind": "ber"})(bits, decided).numpy() == [0.5]
    assert METRICS.build({"kind": "bler"})(bits, decided).numpy() == [True]


def test_bits_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"same shape \[batch, ...\]. Received: \(2, 3\) and \(2,"):
        metrics.ber(tf.zeros([2, 3]), tf.zeros([2, 4]))


@pytest.mark.parametrize("metric", [metrics.ber, metrics.bler])
def test_rows_without_bits_are_refused(metric):
    for shape in ((3, 0), (3,)):
        with pytest.raises(ValueError, match=r"a bit in a row, .*Received: \(3,"):
            metric(tf.zeros(shape), tf.zeros(shape))


def test_what_is_no_bit_is_compared_as_it_is_or_refused():
    large = np.array([[2**24, 1]])
    np.testing.assert_array_equal(metrics.ber(large, large + np.array([[1, 0]])), [0.5])
    with pytest.raises(ValueError, match=r"`bits_hat` must be real.*complex128"):
        metrics.ber(large, large + 0j)


def test_bits_that_are_not_numbers_are_noted():
    with metrics.watching() as watch:
        metrics.bler(tf.zeros([3, 2]), tf.constant([[0.0, 1.0], [0.0, np.nan], [0.0, 0.0]]))
    assert watch.count() == 1


@pytest.mark.parametrize("shape", [[None, None], None])
def test_sizes_may_be_unknown_in_graphs(shape):
    spec = tf.TensorSpec(shape, tf.float32)
    rates = tf.function(metrics.ber, input_signature=[spec, spec], autograph=False)
    bits = tf.constant([[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    np.testing.assert_allclose(rates(bits, tf.ones_like(bits)), [0.5, 0.5])
