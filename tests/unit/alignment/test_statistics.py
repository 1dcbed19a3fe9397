"""Moments of pilots against NumPy."""

import numpy as np
import pytest

from sionna_semcom import alignment
from sionna_semcom.alignment import PilotStatistics


def pilots(d=12, m=20, count=400):
    """Correlated latents that are not centered."""
    draw = np.random.default_rng(0)
    tx = draw.normal(size=(count, d)) @ draw.normal(size=(d, d)) + 3.0
    return tx, np.tanh(tx) @ draw.normal(size=(d, m)) - 1.0


def test_aligners_take_the_same_class():
    assert alignment.PilotStatistics is PilotStatistics


def test_moments_are_those_of_numpy():
    tx, rx = pilots()
    found = PilotStatistics.of(tx, rx)
    joint = np.cov(np.hstack([tx, rx]).T, bias=True)
    np.testing.assert_allclose(found.cov_tx, joint[:12, :12], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.cov_rx, joint[12:, 12:], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.cross, joint[12:, :12], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.mean_rx, rx.mean(0))


@pytest.mark.parametrize("cuts", [[1], [7, 8, 300], [200]])
def test_batches_add_up_to_the_whole(cuts):
    tx, rx = pilots()
    whole = PilotStatistics.of(tx, rx)
    added = PilotStatistics.of_batches(zip(np.split(tx, cuts), np.split(rx, cuts), strict=True))
    assert added.count == whole.count
    for name in ("mean_tx", "mean_rx", "cov_tx", "cov_rx", "cross"):
        np.testing.assert_allclose(getattr(added, name), getattr(whole, name), atol=1e-12)


@pytest.mark.parametrize(
    ("tx", "rx", "message"),
    [
        (np.ones((3, 2)), np.ones((4, 2)), r"shapes \(3, 2\) and \(4, 2\)"),
        (np.ones(3), np.ones((3, 2)), r"shapes \(3,\) and \(3, 2\)"),
        (np.ones((0, 2)), np.ones((0, 2)), r"n >= 1"),
        (np.full((3, 2), np.nan), np.ones((3, 2)), "must be finite"),
    ],
)
def test_refuses_what_is_no_pair(tx, rx, message):
    with pytest.raises(ValueError, match=message):
        PilotStatistics.of(tx, rx)


def test_refuses_other_sizes_and_nothing():
    with pytest.raises(ValueError, match=r"\(12, 20\) and \(12, 21\)"):
        PilotStatistics.of(*pilots()) + PilotStatistics.of(*pilots(m=21))
    with pytest.raises(ValueError, match="at least one batch"):
        PilotStatistics.of_batches([])
