# SPDX-License-Identifier: Apache-2.0
"""Bound of the redundancy of two representations, for the best discriminator."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from sionna_semcom.losses import discriminator_bce, jsd_bound, redundancy_loss

CHANCE = 2 * np.log(2)


def _gaussian_log_ratio(x, y, rho):
    """log p(x, y) - log p(x)p(y) of standard normal variables with correlation rho."""
    squares = rho**2 * (x**2 + y**2) - 2 * rho * x * y
    return -0.5 * np.log(1 - rho**2) - squares / (2 * (1 - rho**2))


def _twice_jsd(rho):
    """2 D_JS between the joint density and the product of its marginals, by integration."""

    def integrand(y, x):
        q = stats.norm.pdf(x) * stats.norm.pdf(y)
        p = q * np.exp(_gaussian_log_ratio(x, y, rho))
        m = (p + q) / 2
        return p * np.log(p / m) + q * np.log(q / m)

    return integrate.dblquad(integrand, -7, 7, -7, 7, epsabs=1e-6)[0]


@pytest.mark.parametrize("rho", [0.3, 0.7, 0.9])
def test_the_best_discriminator_meets_the_divergence_of_correlated_gaussians(rho):
    draw = np.random.default_rng(0)
    x, z, other = draw.normal(size=(3, 400_000))
    y = rho * x + np.sqrt(1 - rho**2) * z
    matched, mismatched = (_gaussian_log_ratio(x, b, rho) for b in (y, other))
    bound = float(jsd_bound(matched, mismatched))
    assert bound == pytest.approx(_twice_jsd(rho), abs=4e-3)
    # and any other does worse
    worse = float(jsd_bound(0.5 * matched + 0.1, 0.5 * mismatched + 0.1))
    assert worse < bound


def test_independent_variables_share_nothing():
    draw = np.random.default_rng(0)
    x, y, other = draw.normal(size=(3, 100_000))
    assert float(jsd_bound(0 * x, 0 * x)) == pytest.approx(0.0, abs=1e-6)
    guesses = [0.3 * np.sin(3 * x * b) for b in (y, other)]
    assert float(jsd_bound(*guesses)) < 1e-3


def test_disjoint_supports_share_all_that_the_bound_can_show():
    certain = tf.fill([100], 30.0)
    assert float(jsd_bound(certain, -certain)) == pytest.approx(CHANCE, abs=1e-6)
    assert float(discriminator_bce(certain, -certain)) == pytest.approx(0.0, abs=1e-6)


def test_chance_is_two_ln_two():
    assert float(discriminator_bce(tf.zeros([5]), tf.zeros([5]))) == pytest.approx(CHANCE)


def test_losses_add_up_over_pairs_and_stay_finite():
    pairs = [(tf.random.normal([9]), tf.random.normal([9])) for _ in range(3)]
    expected = sum(float(discriminator_bce(*pair)) for pair in pairs)
    assert float(redundancy_loss(pairs)) == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(discriminator_bce(tf.fill([2], -1e4), tf.fill([2], 1e4)))
