"""Semantic water-filling against SciPy's constrained optimization."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize

from sionna_semcom.alignment import semantic_waterfilling


def problem(size, seed):
    draw = np.random.default_rng(seed)
    weights = np.sort(draw.exponential(size=size))[::-1].copy()
    gains = np.sort(10 ** draw.uniform(-2, 2, size))[::-1].copy()
    return weights, gains, np.float64(10 ** draw.uniform(-1, 1))


def error(powers, weights, gains):
    return np.sum(weights**2 / (1 + gains * powers))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("size", [1, 3, 8])
def test_no_other_powers_are_better(size, seed):
    weights, gains, power = problem(size, seed)
    found = semantic_waterfilling(*map(tf.constant, (weights, gains, power))).numpy()
    assert found.min() >= 0
    assert found.sum() == pytest.approx(power, rel=1e-12)
    rival = minimize(
        lambda p: error(p, weights, gains),
        np.full(size, power / size),
        bounds=[(0, None)] * size,
        constraints={"type": "eq", "fun": lambda p: p.sum() - power},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert error(found, weights, gains) <= rival.fun * (1 + 1e-9)


def test_a_batch_is_its_rows():
    problems = [problem(5, seed) for seed in range(6)]
    weights, gains, power = (np.stack(part) for part in zip(*problems, strict=True))
    together = semantic_waterfilling(*map(tf.constant, (weights, gains, power)))
    for row, single in zip(together, problems, strict=True):
        np.testing.assert_allclose(row, semantic_waterfilling(*map(tf.constant, single)))


@pytest.mark.parametrize("no", [1e-6, 1.0, 1e6])
def test_power_is_met_in_single_precision(no):
    weights, gains, _ = problem(8, 0)
    cast = [tf.constant(part, tf.float32) for part in (weights, gains / no, 2.0)]
    assert float(tf.reduce_sum(semantic_waterfilling(*cast))) == pytest.approx(2.0, rel=1e-6)


def test_what_is_worth_nothing_gets_nothing():
    weights = tf.constant([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    gains = tf.constant([[5.0, 0.0, 0.0], [3.0, 2.0, 1.0], [0.0, 0.0, 0.0]])
    found = semantic_waterfilling(weights, gains, tf.ones([3]))
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_gradient_is_that_of_finite_differences():
    weights, gains, power = problem(4, 2)

    def lowest(gains):
        powers = semantic_waterfilling(tf.constant(weights), gains, tf.constant(power))
        return tf.reduce_sum(weights**2 / (1 + gains * powers))

    theory, numeric = tf.test.compute_gradient(lowest, [tf.constant(gains)])
    np.testing.assert_allclose(theory[0], numeric[0], atol=1e-6)


def test_compiles_with_xla():
    arguments = [tf.constant(part) for part in problem(6, 1)]
    compiled = tf.function(semantic_waterfilling, jit_compile=True)
    np.testing.assert_allclose(compiled(*arguments), semantic_waterfilling(*arguments), rtol=1e-9)
