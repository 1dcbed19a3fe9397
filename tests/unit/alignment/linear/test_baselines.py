"""First-k, Top-k and Eigen-k against their definitions."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LinearRegression, Ridge

from sionna_semcom.alignment import FeatureAligner, LinearAligner, PilotStatistics, semantic_modes

from ..problems import channels, noise, pilots, statistics


def fitted(selection, **options):
    tx, _ = pilots(**options)
    return FeatureAligner(selection).fit_statistics(statistics(**options), tx)


def received(aligner, h, no, **options):
    tx, rx = pilots(**options)
    pair = aligner.design(h, no)
    x = pair.precode(tf.constant(np.broadcast_to(tx, (len(h), *tx.shape))))
    y = tf.linalg.matvec(h[:, None], x) + noise([*x.shape[:-1], h.shape[-2]], no)
    return x, pair.decode(y).numpy(), rx


def regression(aligner, tx, rx):
    """The linear map with the ridge of cross-validation."""
    return Ridge(alpha=semantic_modes(PilotStatistics.of(tx, rx)).ridge * len(tx)).fit(tx, rx)


def test_first_sends_the_first_features_and_regresses_on_them():
    tx, rx = pilots(count=2000)
    _, found, _ = received(fitted("first", count=2000), channels(1, 1, 3, 2), 0.0, count=2000)
    expected = LinearRegression().fit(tx[:, :4], rx).predict(tx[:, :4])
    np.testing.assert_allclose(found[0], expected, atol=1e-3)


def test_eigen_sends_the_strongest_part_of_the_map():
    tx, rx = pilots(count=2000)
    aligner = fitted("eigen", count=2000)
    _, found, _ = received(aligner, channels(1, 1, 2, 2), 0.0, count=2000)
    full = regression(aligner, tx, rx)
    left, values, right = np.linalg.svd(full.coef_, full_matrices=False)
    low_rank = (left[:, :4] * values[:4]) @ right[:4]
    np.testing.assert_allclose(found[0], (tx - tx.mean(0)) @ low_rank.T + rx.mean(0), atol=1e-3)


def test_top_sends_half_as_many_features_the_farthest_from_their_mean():
    tx, rx = pilots(count=2000)
    aligner = fitted("top", count=2000)
    _, found, _ = received(aligner, channels(1, 1, 2, 2), 0.0, count=2000)
    standard = (tx - tx.mean(0)) / tx.std(0)
    farthest = np.argsort(-np.abs(standard), -1)[:, :2]
    kept = np.zeros_like(tx)
    np.put_along_axis(kept, farthest, np.take_along_axis(tx - tx.mean(0), farthest, -1), -1)
    expected = kept @ regression(aligner, tx, rx).coef_.T + rx.mean(0)
    np.testing.assert_allclose(found[0], expected, atol=1e-3)


@pytest.mark.parametrize("selection", ["first", "top", "eigen"])
@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 3, 2), (3, 2, 4)])
def test_power_is_met_and_every_mode_gets_the_same(selection, shape):
    x, _, _ = received(fitted(selection, count=2000), channels(4, *shape), 0.1, count=2000)
    power = np.mean(np.sum(np.abs(x) ** 2, (-2, -1)), -1)
    np.testing.assert_allclose(power, np.full(4, shape[0]), rtol=1e-6)


@pytest.mark.parametrize("selection", ["first", "top", "eigen"])
@pytest.mark.parametrize("shape", [(2, 3, 2), (3, 2, 4), (3, 4, 4)])
def test_places_without_a_number_leave_their_power_to_the_others(selection, shape):
    sizes = {"d": 10, "m": 7, "count": 2000}
    aligner = fitted(selection, **sizes)
    x, _, _ = received(aligner, channels(4, *shape), 0.1, **sizes)
    power = np.mean(np.sum(np.abs(x) ** 2, (-2, -1)), -1)
    np.testing.assert_allclose(power, np.full(4, shape[0]), rtol=1e-6)


def test_fewer_numbers_are_sent_with_more_power():
    """Without noise on a unit channel, 7 numbers of 8 places have variance 2 / 7 each."""
    sizes = {"d": 10, "m": 7, "count": 2000}
    h = tf.eye(2, batch_shape=[1, 2], dtype=tf.complex128)
    x, _, _ = received(fitted("eigen", **sizes), h, 0.0, **sizes)
    parts = np.stack([np.real(x[0]), np.imag(x[0])])
    variances = np.sort(np.mean(parts**2, axis=1).ravel())
    np.testing.assert_allclose(variances, [0.0, *7 * [2 / 7]], atol=1e-6)


def test_a_constant_feature_takes_no_power():
    tx, rx = pilots(count=2000)
    tx[:, 1] = 3.0
    aligner = FeatureAligner("first").fit_statistics(PilotStatistics.of(tx, rx), tx)
    x = aligner.design(channels(1, 1, 2, 2), 0.1).precode(tf.constant(tx[np.newaxis]))
    assert np.mean(np.sum(np.abs(x) ** 2, (-2, -1))) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("selection", ["first", "top", "eigen"])
def test_never_beats_the_optimum(selection):
    h = channels(50, 1, 2, 2)
    _, found, rx = received(fitted(selection), h, 0.1)
    _, best, _ = received(LinearAligner().fit_statistics(statistics()), h, 0.1)
    assert np.mean((best - rx) ** 2) < np.mean((found - rx) ** 2)


@pytest.mark.parametrize("selection", ["first", "top", "eigen"])
def test_more_numbers_than_features_work(selection):
    _, found, rx = received(fitted(selection, d=5, m=7), channels(2, 2, 4, 4), 0.1, d=5, m=7)
    assert found.shape == (2, *rx.shape)
    assert np.isfinite(found).all()


def test_refuses_unknown_selections_and_missing_latents():
    with pytest.raises(ValueError, match="`selection` must be"):
        FeatureAligner("last").fit_statistics(statistics())
    with pytest.raises(ValueError, match="`held_out` is needed"):
        FeatureAligner("top").fit_statistics(statistics())


def test_strong_numbers_use_strong_modes_for_any_power_of_the_held_out_latents():
    tx, _ = pilots(count=2000)
    wide = tx * np.random.default_rng(1).uniform(0.7, 1.3, tx.shape[1])
    aligner = FeatureAligner("eigen").fit_statistics(statistics(count=2000), wide)
    design = aligner.design(channels(1, 1, 4, 4), 0.1)
    encoder = design.semantic.encoder / np.linalg.norm(design.semantic.encoder, axis=0)
    order = aligner.factors_[2][: encoder.shape[1]]  # right singular vectors, strongest first
    np.testing.assert_allclose(np.abs(np.sum(encoder.T * order, 1)), 1.0)
    assert np.isnan(design.objective).all()  # of correlated numbers
