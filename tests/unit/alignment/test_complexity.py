"""Formulas of the paper against the operations of a graph."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.alignment import (
    ADMMAligner,
    ComplexAligner,
    LinearAligner,
    aligner_cost,
    counted_flops,
    linear_flops,
    neural_flops,
)

from .problems import statistics

SIZE = (12, 20, 2, 3, 4)  # features at both ends, channel uses, antennas at both ends


def test_linear_formula_counts_both_matrices():
    d, m, k, nt, nr = SIZE
    f = tf.ones([k * nt, d // 2], tf.complex64)
    g = tf.ones([m // 2, k * nr], tf.complex64)
    column = [tf.TensorSpec([size, 1], tf.complex64) for size in (d // 2, k * nr)]
    counted = counted_flops(lambda x: f @ x, column[0]) + counted_flops(lambda y: g @ y, column[1])
    assert counted == linear_flops(*SIZE)


def test_widely_linear_costs_the_same():
    d, m, k, nt, nr = SIZE
    f, g = tf.ones([2 * k * nt, d]), tf.ones([m, 2 * k * nr])
    column = [tf.TensorSpec([size, 1], tf.float32) for size in (d, 2 * k * nr)]
    counted = counted_flops(lambda x: f @ x, column[0]) + counted_flops(lambda y: g @ y, column[1])
    assert counted == linear_flops(*SIZE)


def test_neural_formula_counts_the_four_layers():
    d, m, k, nt, nr = SIZE
    aligner = ComplexAligner(statistics(), k, nt, nr)
    cost = aligner_cost(aligner, *SIZE)
    assert cost["flops"] == neural_flops((d // 2, k * nr), (d // 2, m // 2), (k * nt, m // 2))
    # of the paper: 2 (1 - s) [d^2 + m^2 + 2K (N_T d + N_R m)]
    assert cost["flops"] == 2 * (d**2 + m**2 + 2 * k * (nt * d + nr * m))
    parts = [
        counted_flops(layer, tf.TensorSpec([1, layer.mask.shape[0]], tf.complex64))
        for layer in (*aligner.precoder, *aligner.decoder)
    ]
    biases = sum(2 * layer.units for layer in (*aligner.precoder, *aligner.decoder))
    assert sum(parts) + biases == cost["flops"]


def test_sparsity_saves_operations():
    aligner = ComplexAligner(statistics(), 2, 3, 4)
    full = aligner_cost(aligner, *SIZE)
    for layer in (*aligner.precoder, *aligner.decoder):
        layer.prune(0.2)
    pruned = aligner_cost(aligner, *SIZE)
    assert 0 < pruned["sparsity"] < 1
    assert pruned["flops"] == pytest.approx((1 - pruned["sparsity"]) * full["flops"])
    assert pruned["parameters"] == pytest.approx((1 - pruned["sparsity"]) * full["parameters"])


def test_linear_aligners_of_any_kind_count_alike():
    cost = aligner_cost(LinearAligner().fit_statistics(statistics()), *SIZE)
    d, m, k, nt, nr = SIZE
    assert cost["flops"] == linear_flops(*SIZE)
    assert cost["parameters"] == 2 * np.dot([d, m], [k * nt, k * nr])


@pytest.mark.parametrize("aligner", [LinearAligner("complex_linear"), ADMMAligner()])
def test_complex_matrices_have_half_of_the_parameters(aligner):
    d, m, k, nt, nr = SIZE
    f, g = np.zeros([k * nt, d // 2], complex), np.zeros([m // 2, k * nr], complex)
    cost = aligner_cost(aligner.fit_statistics(statistics()), *SIZE)
    assert cost["parameters"] == 2 * (f.size + g.size)
    assert cost["flops"] == linear_flops(*SIZE)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.einsum("ij,jk->ik", x, tf.ones([4, 5])),
        tf.function(lambda x: x @ tf.ones([4, 5])),
        lambda x: tf.while_loop(lambda y: True, lambda y: [y @ tf.ones([4, 4])], [x])[0],
    ],
)
def test_products_that_are_not_seen_are_refused(function):
    with pytest.raises(ValueError, match="cannot be counted"):
        counted_flops(function, tf.TensorSpec([3, 4], tf.float32))
