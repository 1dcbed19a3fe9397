# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from scipy import stats

from sionna_semcom import metrics


def test_without_noise_it_is_the_accuracy_and_in_noise_alone_a_guess():
    assert metrics.decision_limit(0.75, 25, np.inf) == pytest.approx(0.75)
    assert metrics.decision_limit(0.75, 25, -80.0) == pytest.approx(0.5, abs=1e-3)


def test_it_is_the_error_rate_of_a_repeated_bit():
    draw = np.random.default_rng(0)
    num_symbols, snr_db = 8, -7.0
    noise = draw.normal(size=(200_000, num_symbols)) * np.sqrt(0.5 * 10**0.7)
    flipped = np.mean((1 + noise).sum(1) < 0)
    expected = 0.8 * (1 - flipped) + 0.2 * flipped
    assert metrics.decision_limit(0.8, num_symbols, snr_db) == pytest.approx(expected, abs=2e-3)


def test_of_one_symbol_it_is_bpsk():
    error = stats.norm.sf(np.sqrt(2 * 10 ** (np.array([0.0, 3.0, 6.0]) / 10)))
    np.testing.assert_allclose(metrics.decision_limit(1.0, 1, [0.0, 3.0, 6.0]), 1 - error)


def test_impossible_values_are_refused():
    with pytest.raises(ValueError, match=r"`num_symbols` must be positive.*Received: 0 and 0.7"):
        metrics.decision_limit(0.7, 0, 0.0)
    with pytest.raises(ValueError, match="lie in"):
        metrics.decision_limit(1.2, 5, 0.0)
    for wrong in ((np.nan, 5, 0.0), (0.7, np.nan, 0.0), (0.7, 5, np.nan), (0.7, np.inf, 0.0)):
        with pytest.raises(ValueError, match=r"`snr_db` be a number. Received: .*(nan|inf)"):
            metrics.decision_limit(*wrong)


@pytest.mark.filterwarnings("error")
def test_without_noise_nothing_is_lost():
    assert metrics.decision_limit(0.7, 5, [1e5, np.inf]).tolist() == [0.7, 0.7]


def test_scores_at_the_limit_have_the_distortion_of_their_rate():
    """Gaussian scores and labels: rate k log2(1 + snr), distortion 2^(-2 rate)."""
    snr_db, num_symbols = np.array([-12.0, -3.0, 6.0]), 2
    bits = num_symbols * np.log2(1 + 10 ** (snr_db / 10))
    expected = 0.6 * np.sqrt(1 - 2 ** (-2 * bits))
    np.testing.assert_allclose(metrics.score_limit(0.6, num_symbols, snr_db), expected)
    assert metrics.score_limit(0.6, 3, np.inf) == pytest.approx(0.6)
    assert metrics.score_limit(0.6, 3, -300.0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("correlation", "num_symbols"), [(0.5, 0), (1.1, 2), (np.nan, 2)])
def test_limits_of_scores_check_their_input(correlation, num_symbols):
    with pytest.raises(ValueError, match=r"`correlation` lie in \[-1, 1\].*Received"):
        metrics.score_limit(correlation, num_symbols, 0.0)
