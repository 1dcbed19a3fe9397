# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from sionna_semcom.metrics import fresh_dependence

CHANCE = 2 * np.log(2)


def _correlated(count, rho, seed, dim=1):
    draw = np.random.default_rng(seed)
    x, z = draw.normal(size=(2, count, dim))
    return x, rho * x + np.sqrt(1 - rho**2) * z


def test_it_finds_what_correlated_gaussians_share():
    """2 D_JS at a correlation of 0.9 is 0.429 nats, by numerical integration."""
    found = fresh_dependence(*_correlated(4000, 0.9, 0))
    assert found.jsd_bound == pytest.approx(0.4291, abs=0.03)
    assert found.bce == pytest.approx(CHANCE - found.jsd_bound)


def test_independent_representations_are_at_chance():
    found = fresh_dependence(*_correlated(1500, 0.0, 0, 8))
    assert found.bce == pytest.approx(CHANCE, abs=0.02)


def test_a_shared_sign_is_found_among_much_else():
    draw = np.random.default_rng(0)
    sign = draw.choice([-1.0, 1.0], size=(1500, 1))
    found = fresh_dependence(
        *(
            np.concatenate([sign + 0.1 * draw.normal(size=(1500, 1)), rest], 1)
            for rest in draw.normal(size=(2, 1500, 7))
        )
    )
    # matched signs always agree, mismatched ones in half the cases: 2 D_JS = 0.4315 nats
    assert found.jsd_bound == pytest.approx(0.4315, abs=0.06)


def test_it_gives_the_same_again_and_leaves_its_input():
    pair = _correlated(200, 0.5, 0, 3)
    kept = [a.copy() for a in pair]
    first = fresh_dependence(*pair, epochs=5)
    assert first == fresh_dependence(*pair, epochs=5)
    np.testing.assert_array_equal(pair, kept)


def test_rows_that_do_not_belong_together_are_refused():
    x, y = _correlated(50, 0.5, 0, 2)
    with pytest.raises(ValueError, match=r"a row for each sample.*\(50, 2\) and \(49, 2\)"):
        fresh_dependence(x, y[1:])
    with pytest.raises(ValueError, match="folds=2"):
        fresh_dependence(x, y, folds=2)
