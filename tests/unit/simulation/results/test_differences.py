# SPDX-License-Identifier: Apache-2.0
"""Paired differences against SciPy, and errors for curves that cannot be paired."""

import numpy as np
import pytest
from scipy import stats

from sionna_semcom.simulation import Curve, Metric, paired_difference

SNRS = np.array([0.0, 10.0])


def curve(per_seed, snr_db=SNRS):
    per_seed = np.asarray(per_seed, float)
    mean = per_seed.mean(0)
    count = np.full(per_seed.shape[1], 100)
    seeds = per_seed if len(per_seed) > 1 else None
    return Curve(snr_db, {"mse": Metric(mean, mean, mean, count, per_seed=seeds)})


@pytest.fixture
def values():
    """Two curves that share a large effect of the seed."""
    draw = np.random.default_rng(1)
    shared = draw.normal(size=(6, 2))
    return shared, shared + 0.1 + 0.01 * draw.normal(size=(6, 2))


@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_the_interval_is_that_of_a_paired_test(values, confidence):
    first, second = values
    found = paired_difference(curve(second), curve(first), "mse", confidence)
    expected = stats.ttest_rel(second, first).confidence_interval(confidence)
    np.testing.assert_allclose(found.mean, np.mean(second - first, 0))
    np.testing.assert_allclose(found.ci_low, expected.low)
    np.testing.assert_allclose(found.ci_high, expected.high)
    assert np.all(found.ci_low > 0)  # which the two curves' own intervals would not tell
    np.testing.assert_array_equal(found.per_seed, second - first)
    assert found.count.tolist() == [100, 100]


def test_what_has_no_pairs_is_refused(values):
    first, second = values
    with pytest.raises(ValueError, match=r"metric 'psnr' of several.*Received: only mse"):
        paired_difference(curve(first), curve(second), "psnr")
    with pytest.raises(ValueError, match=r"several training seeds. Received: one seed"):
        paired_difference(curve(first), curve(second[:1]), "mse")
    with pytest.raises(ValueError, match="2 points of 6 seeds and 2 of 5"):
        paired_difference(curve(first), curve(second[:5]), "mse")
    with pytest.raises(ValueError, match=r"at \[0.0, 10.0\] and \[1.0, 11.0\]"):
        paired_difference(curve(first), curve(second, SNRS + 1), "mse")


def test_differences_along_other_axes_are_refused():
    values = np.array([[1.0, 2.0], [1.5, 2.5]])
    metric = Metric(values.mean(0), values.min(0), values.max(0), np.full(2, 10), per_seed=values)
    first, second = (Curve(SNRS, {"mse": metric}, axis=a, x=SNRS) for a in ("snr_db", "ebno_db"))
    with pytest.raises(ValueError, match=r"the same axis. Received: snr_db and ebno_db"):
        paired_difference(first, second, "mse")
