# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy import stats
from scipy.stats import binomtest

from sionna_semcom.metrics import correlation
from sionna_semcom.simulation.results.intervals import (
    bootstrap,
    jackknife,
    limited,
    over_seeds,
    repetition_variance,
    student,
    wilson,
    wilson_score,
)

RNG = np.random.default_rng(1)


def test_student_of_equal_clusters_is_scipys_interval_of_their_means():
    means = RNG.normal(2.0, 0.3, size=9)
    mean, low, high = student(means * 50, np.full(9, 50), confidence=0.9)
    expected = stats.ttest_1samp(means, 0.0).confidence_interval(0.9)
    np.testing.assert_allclose([mean, low, high], [means.mean(), *expected])


def test_unequal_clusters_weigh_by_their_size():
    mean, low, high = student([10.0, 2.0], [10, 1])
    assert mean == pytest.approx(12 / 11)
    assert low < mean < high


def test_clusters_join_when_split_evenly_between_the_same_samples():
    """Neither the order of clusters nor a repetition of all their samples changes the interval."""
    sums, sizes = RNG.normal(size=7) * 5, RNG.integers(3, 9, size=7)
    first = student(sums, sizes)
    np.testing.assert_allclose(first, student(sums[::-1], sizes[::-1]))
    np.testing.assert_allclose(first, student(2 * sums, 2 * sizes))


@pytest.mark.parametrize("successes", [0, 3, 50, 97, 100])
def test_wilson_score_is_scipys(successes):
    critical = stats.norm.ppf(0.975)
    expected = binomtest(successes, 100).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson_score(successes / 100, 100, critical), expected, atol=1e-12)


def test_wilson_of_clusters_that_agree_counts_every_sample():
    """Clusters with equal proportions have a design effect below one, which is set to one."""
    _, low, high = wilson(np.full(400, 5), np.full(400, 20))
    expected = wilson_score(0.25, 8000, stats.t.ppf(0.975, 399))
    np.testing.assert_allclose((low, high), expected)


def test_wilson_of_samples_that_copy_each_other_counts_clusters():
    """If all samples of a batch are equal, the effective number of samples is that of batches."""
    together = RNG.random(300) < 0.3
    _, low, high = wilson(together * 50, np.full(300, 50))
    share = together.mean()
    expected = wilson_score(share, 299, stats.t.ppf(0.975, 299))  # s^2 has 299 in its denominator
    np.testing.assert_allclose((low, high), expected)


@pytest.mark.parametrize("method", [student, wilson, bootstrap])
def test_one_cluster_has_a_mean_but_no_interval(method):
    mean, low, high = method([3.0], [4])
    assert mean == 0.75
    assert np.isnan([low, high]).all()


def test_no_success_still_has_an_upper_end():
    mean, low, high = wilson(np.zeros(20), np.full(20, 100))
    assert mean == low == 0
    assert 0.001 < high < 0.003


@pytest.mark.parametrize("successes", [0.0, 0.5, 1.0])
def test_samples_that_were_sent_again_are_not_new(successes):
    sizes = np.full(40, 100)
    once = wilson(successes * sizes[:4], sizes[:4])
    _, low, high = wilson(successes * sizes, sizes, num_distinct=400)
    np.testing.assert_allclose((low, high), wilson_score(successes, 400, stats.t.ppf(0.975, 39)))
    assert once[1] <= low <= high <= once[2]


def test_bootstrap_of_symmetric_clusters_agrees_with_student():
    sums = RNG.normal(100.0, 5.0, size=200)
    _, low, high = bootstrap(sums, 10.0, seed=3)
    _, expected_low, expected_high = student(sums, 10.0)
    assert low == pytest.approx(expected_low, abs=0.1 * (expected_high - expected_low))
    assert high == pytest.approx(expected_high, abs=0.1 * (expected_high - expected_low))


def test_bootstrap_without_spread_is_a_point():
    assert tuple(map(float, bootstrap(np.full(4, 6.0), 3.0))) == (2.0, 2.0, 2.0)


def _clustered(num_trials, num_clusters, size, mean, effect):
    """Bernoulli counts of clusters with a random effect of standard deviation ``effect``."""
    concentration = mean * (1 - mean) / effect**2 - 1
    shares = RNG.beta(
        mean * concentration, (1 - mean) * concentration, size=(num_trials, num_clusters)
    )
    return RNG.binomial(size, shares)


@pytest.mark.parametrize("mean", [0.5, 0.9, 0.98])
def test_wilson_covers_a_proportion_of_clustered_samples(mean):
    counts = _clustered(4000, 20, 50, mean, effect=0.35 * (1 - mean))
    _, low, high = wilson(counts, np.full(20, 50))
    coverage = np.mean((low <= mean) & (mean <= high))
    assert 0.935 < coverage < 0.98


def test_ignoring_clusters_would_cover_too_rarely():
    """Without the design effect, the coverage of the binomial interval is far too low."""
    counts = _clustered(4000, 20, 50, 0.5, effect=0.2)
    low, high = wilson_score(counts.sum(-1) / 1000, 1000, stats.norm.ppf(0.975))
    assert np.mean((low <= 0.5) & (high >= 0.5)) < 0.7
    _, low, high = wilson(counts, np.full(20, 50))
    assert np.mean((low <= 0.5) & (high >= 0.5)) > 0.935


@pytest.mark.parametrize("num_clusters", [2, 5, 20])
def test_student_covers_a_mean_of_clustered_samples(num_clusters):
    shared = RNG.normal(size=(4000, num_clusters, 1))
    samples = shared + RNG.normal(size=(4000, num_clusters, 10))
    _, low, high = student(samples.sum(-1), np.full(num_clusters, 10))
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("method", [student, bootstrap])
@pytest.mark.parametrize("num_distinct", [1, 4, 20])
def test_data_that_are_sent_again_are_allowed_for(method, num_distinct):
    """20 batches of 30 samples: effects of data, of a channel per batch, and of noise."""
    num_trials, num_batches, size = (2000 if method is student else 300), 20, 30
    data = RNG.normal(size=(num_trials, num_distinct, size))
    data = np.tile(data, (1, num_batches // num_distinct, 1))
    channel = 0.2 * RNG.normal(size=(num_trials, num_batches, 1))
    samples = data + channel + 0.3 * RNG.normal(size=data.shape)
    data_variance = repetition_variance(
        samples.var(axis=(1, 2)), num_distinct * size, num_batches, num_distinct
    )
    _, low, high = method(samples.sum(-1), np.full(num_batches, size), 0.95, data_variance)
    lowest = 0.93 if method is student else 0.88  # BCa is a little short with 20 batches
    assert lowest < np.mean((low <= 0) & (high >= 0)) < 0.985
    if num_distinct == 1 and method is student:
        _, low, high = student(samples.sum(-1), np.full(num_batches, size))
        assert np.mean((low <= 0) & (high >= 0)) < 0.6  # what would be claimed without it


def test_equal_means_of_several_seeds_have_the_widest_of_their_intervals():
    mean = np.array([[1.0, 0.9, 0.5], [1.0, 1.0, 0.5], [1.0, 1.0, 0.5]])
    low, high = mean - [[0.01], [0.03], [0.02]], np.minimum(mean + 0.1, 1.0)
    center, lower, upper = over_seeds(mean, low, high)
    lower, upper = limited(center, lower, upper, (0.0, 1.0))
    np.testing.assert_allclose((lower[0], upper[0]), (0.97, 1.0))
    np.testing.assert_allclose((lower[2], upper[2]), (0.47, 0.6))
    np.testing.assert_allclose((lower[1], upper[1]), (student(mean[:, 1], 1.0)[1], 1.0))
    _, lower, upper = over_seeds(mean, low, high + 0.1, confidence=0.9)
    np.testing.assert_allclose((lower[::2], upper[::2]), ([0.97, 0.47], [1.1, 0.7]))
    np.testing.assert_allclose((lower[1], upper[1]), student(mean[:, 1], 1.0, 0.9)[1:])


def test_intervals_end_at_the_range_of_a_metric_unless_its_mean_is_outside():
    mean, low, high = [0.2, -0.9, 0.5, 1.5], [-0.1, -1.2, 0.4, 1.2], [0.5, -0.6, 0.6, 1.8]
    lower, upper = limited(mean, low, high, (-1.0, 0.55))
    np.testing.assert_array_equal(lower, [-0.1, -1.0, 0.4, 1.2])
    np.testing.assert_array_equal(upper, [0.5, -0.6, 0.55, 1.8])


def test_distinct_data_need_no_allowance():
    assert repetition_variance(2.0, 100, 10, 10) == 0
    assert repetition_variance(2.0, 100, 10, 1) == 0.02
    assert repetition_variance(2.0, 100, 1, 1) == 0


def test_the_jackknife_of_a_mean_is_students_interval():
    values = RNG.normal(2.0, 0.3, size=(9, 1))
    found = jackknife(values * 50, np.full(9, 50), lambda mean: float(mean[0]), 0.9)
    np.testing.assert_allclose(found, student(values[:, 0] * 50, np.full(9, 50), 0.9))


def test_the_jackknife_of_a_correlation_covers_it():
    rho, inside = 0.6, 0
    for _ in range(300):
        x, z = RNG.normal(size=(2, 20, 25))
        y = rho * x + np.sqrt(1 - rho**2) * z
        sums = np.stack([x, y, x * x, y * y, x * y], -1).sum(1)
        _, low, high = jackknife(sums, np.full(20, 25), correlation)
        inside += low <= rho <= high
    assert 0.91 <= inside / 300 <= 0.985


def test_the_jackknife_needs_two_clusters():
    assert np.isnan(jackknife([[1.0]], [2], lambda mean: float(mean[0]))[1:]).all()
