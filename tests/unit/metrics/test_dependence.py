# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy.special import xlogy

from sionna_semcom.metrics import fresh_dependence

CHANCE = 2 * np.log(2)


def _correlated(count, rho, seed, dim=1):
    draw = np.random.default_rng(seed)
    x, z = draw.normal(size=(2, count, dim))
    return x, rho * x + np.sqrt(1 - rho**2) * z


def _shared_sign(count, dim, wrong, seed):
    """A common sign along a random direction of two vectors, with a fraction of sign errors."""
    draw = np.random.default_rng(seed)
    sign = draw.choice([-1.0, 1.0], size=(count, 1))
    found = []
    for _ in range(2):
        latents = draw.normal(size=(count, dim))
        flips = np.where(draw.random((count, 1)) < wrong, -1, 1)
        latents[:, :1] = sign * flips + 0.3 * draw.normal(size=(count, 1))
        found.append(latents @ np.linalg.qr(draw.normal(size=(dim, dim)))[0])
    return found


def _sign_bce(wrong):
    """BCE of the best discriminator of two signs."""
    agree = (1 - wrong) ** 2 + wrong**2
    p = np.array([agree, 1 - agree]) / 2  # matched pairs that agree, and that do not
    q = np.array([0.5, 0.5]) / 2
    return -2 * np.sum(xlogy(p, p / (p + q)) + xlogy(q, q / (p + q)))


def test_it_finds_what_correlated_gaussians_share():
    """2 D_JS at a correlation of 0.9 is 0.429 nats, by numerical integration."""
    found = fresh_dependence(*_correlated(3000, 0.9, 0))
    assert found.jsd_bound == pytest.approx(0.4291, abs=0.03)
    assert found.bce == pytest.approx(CHANCE - found.jsd_bound)


@pytest.mark.parametrize(("wrong", "slack"), [(0.0, 0.12), (0.05, 0.12), (0.5, 0.02)])
def test_it_finds_one_direction_of_many_in_as_few_samples_as_there_are(wrong, slack):
    """The numbers of samples and dimensions are those of CMU-MOSI."""
    found = [fresh_dependence(*_shared_sign(752, 32, wrong, seed)).bce for seed in range(3)]
    assert _sign_bce(wrong) - 0.02 < np.mean(found) < _sign_bce(wrong) + slack


def test_squares_that_depend_on_each_other_are_found():
    draw = np.random.default_rng(0)
    size, x, y = draw.choice([0.3, 3.0], size=(1500, 1)), *draw.normal(size=(2, 1500, 1))
    with_sign = np.concatenate([size * x, x + draw.normal(size=x.shape)], 1)
    other = np.concatenate([size * y, x + draw.normal(size=x.shape)], 1)
    assert fresh_dependence(with_sign, other).jsd_bound > 0.1


def test_it_gives_the_same_again_and_leaves_its_input():
    pair = _correlated(200, 0.5, 0, 3)
    kept = [a.copy() for a in pair]
    first = fresh_dependence(*pair)
    assert first == fresh_dependence(*pair)
    np.testing.assert_array_equal(pair, kept)


def test_what_is_constant_shares_nothing():
    x, _ = _correlated(200, 0.5, 0, 3)
    assert fresh_dependence(x, np.ones((200, 2))).bce == pytest.approx(CHANCE, abs=0.05)


def test_rows_that_do_not_belong_together_are_refused():
    x, y = _correlated(50, 0.5, 0, 2)
    with pytest.raises(ValueError, match=r"a row for each sample.*\(50, 2\) and \(49, 2\)"):
        fresh_dependence(x, y[1:])
    with pytest.raises(ValueError, match="folds=2"):
        fresh_dependence(x, y, folds=2)
