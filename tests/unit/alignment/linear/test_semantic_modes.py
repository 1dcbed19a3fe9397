"""Semantic modes: whitening, explained variance, and the ridge for few pilots."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from sionna_semcom.alignment import PilotStatistics, head_metric, semantic_modes

from ..problems import pilots, statistics


def coefficients(modes, tx):
    centered = tx - modes.mean_tx
    if modes.is_complex:
        half = centered.shape[1] // 2
        centered = centered[:, :half] + 1j * centered[:, half:]
    return centered @ modes.encoder.conj()


@pytest.mark.parametrize("form", ["widely_linear", "complex_linear"])
def test_coefficients_are_white_and_explain_their_weight(form):
    tx, rx = pilots()
    modes = semantic_modes(PilotStatistics.of(tx, rx), form, ridge=0.0)
    z = coefficients(modes, tx)
    np.testing.assert_allclose(z.conj().T @ z / len(z), np.eye(z.shape[1]), atol=1e-9)
    target = rx - modes.mean_rx
    if modes.is_complex:
        target = target[:, :10] + 1j * target[:, 10:]
    assert np.all(np.diff(modes.weights) <= 1e-12)
    for used in (1, 3, z.shape[1]):
        left = target - z[:, :used] @ modes.decoder[:used]
        error = np.mean(np.sum(np.abs(left) ** 2, -1))
        assert error == pytest.approx(modes.target_power - np.sum(modes.weights[:used] ** 2))


def test_all_modes_together_are_least_squares():
    tx, rx = pilots()
    modes = semantic_modes(PilotStatistics.of(tx, rx), ridge=0.0)
    expected = LinearRegression().fit(tx, rx).predict(tx)
    found = coefficients(modes, tx) @ modes.decoder + modes.mean_rx
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_ridge_is_that_of_scikit_learn():
    tx, rx = pilots()
    found = PilotStatistics.of(tx, rx)
    modes = semantic_modes(found, ridge=0.5)
    expected = Ridge(alpha=modes.ridge * len(tx)).fit(tx, rx).predict(tx)
    predicted = coefficients(modes, tx) @ modes.decoder + modes.mean_rx
    np.testing.assert_allclose(predicted, expected, atol=1e-8)


def test_cross_validated_ridge_helps_few_pilots():
    tx, rx = pilots(count=3000, d=40, rank=10)
    tx = tx + 0.3 * np.random.default_rng(1).normal(size=tx.shape)
    few = PilotStatistics.of(tx[:50], rx[:50])

    def error(ridge):
        modes = semantic_modes(few, ridge=ridge)
        z = coefficients(modes, tx[50:])
        return np.mean((z @ modes.decoder + modes.mean_rx - rx[50:]) ** 2)

    chosen, best = error("gcv"), min(error(ridge) for ridge in np.logspace(-6, 1, 30))
    assert chosen < 1.2 * best
    assert chosen < 0.7 * error(1e-8)


@pytest.mark.parametrize(("count", "rank"), [(400, 5), (8, None)])
def test_rank_deficient_pilots_keep_only_what_they_span(count, rank):
    modes = semantic_modes(statistics(count=count, rank=rank), ridge=0.0)
    assert modes.encoder.shape[1] == (rank or count - 1)
    assert np.isfinite(modes.encoder).all()


def test_odd_dimensions_pair_with_a_zero():
    modes = semantic_modes(statistics(d=11, m=19), "complex_linear")
    assert modes.encoder.shape[0] == 6
    assert modes.decoder.shape[1] == 10


def test_metric_turns_the_modes_to_what_the_head_reads():
    tx, rx = pilots()
    found = PilotStatistics.of(tx, rx)
    kernel = np.random.default_rng(3).normal(size=(20, 3))
    plain, aware = (
        semantic_modes(found, metric=head_metric(kernel, found.cov_rx, share), ridge=0.0)
        for share in (0.0, 1.0)
    )
    assert plain.target_power == pytest.approx(1.0)
    assert aware.target_power == pytest.approx(1.0)
    logits = (rx - rx.mean(0)) @ (kernel - kernel.mean(1, keepdims=True))

    def error(modes):
        z = coefficients(modes, tx)[:, :2]
        told = z @ modes.decoder[:2] @ (kernel - kernel.mean(1, keepdims=True))
        return np.mean((told - logits) ** 2)

    assert error(aware) < 0.9 * error(plain)
    assert np.sum(aware.weights > 1e-6) == 2  # three classes differ in two directions


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (np.eye(3), r"shape \[20, 20\]"),
        (-np.eye(20), "positive semidefinite"),
        (np.triu(np.ones((20, 20))), "symmetric"),
    ],
)
def test_refuses_what_is_no_metric(metric, message):
    with pytest.raises(ValueError, match=message):
        semantic_modes(statistics(), metric=metric)


def test_refuses_pilots_that_do_not_vary_and_shares_beyond_one():
    with pytest.raises(ValueError, match="must vary"):
        semantic_modes(PilotStatistics.of(np.ones((5, 3)), np.ones((5, 2))))
    with pytest.raises(ValueError, match=r"\[0, 1\]. Received: 1.5"):
        head_metric(np.ones((3, 2)), np.eye(3), 1.5)
