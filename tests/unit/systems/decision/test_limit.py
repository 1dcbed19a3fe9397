# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import metrics
from sionna_semcom.link import AWGNLink, FlatFadingLink
from sionna_semcom.systems import TwoStageVIB
from sionna_semcom.systems.decision.limit import at_limit

SHAPES = {"text": (3,), "audio": (2,)}


def _system(num_classes=0, **settings):
    return TwoStageVIB(SHAPES, num_classes, link=AWGNLink(), transmitted_dim=4, **settings)


def _inputs(count):
    features = {
        name: tf.random.stateless_normal([count, *shape], [1, 2]) for name, shape in SHAPES.items()
    }
    return features | {"label": tf.zeros([count])}


def test_gaussian_scores_meet_rate_and_distortion():
    """Their mean squared error is that of the rate, and their error is orthogonal to them."""
    scores = tf.random.stateless_normal([200_000], [3, 4]) * 0.8 + 0.5
    received = at_limit(scores, tf.constant(0.5), 1).numpy()
    distortion = 2.0 ** (-2 * np.log2(1 + 1 / 0.5))
    error = received - scores.numpy()
    assert np.mean(error**2) == pytest.approx(0.64 * distortion, rel=0.02)
    assert np.mean(error * (received - 0.5)) == pytest.approx(0.0, abs=3e-3)
    assert np.var(received) == pytest.approx(0.64 * (1 - distortion), rel=0.02)


def test_without_noise_the_score_arrives():
    scores = tf.constant([-2.0, 0.3, 1.0])
    np.testing.assert_allclose(at_limit(scores, tf.constant(0.0), 2), scores, rtol=1e-6)


def test_one_score_of_unknown_variance_is_not_perfect():
    sent = tf.function(
        lambda scores: at_limit(scores, tf.constant(10.0), 1),
        input_signature=[tf.TensorSpec([None], tf.float32)],
    )
    assert np.isfinite(sent([1.0, 2.0])).all()
    assert np.isnan(sent([1.0])).all()


def test_correlation_with_the_noiseless_score_is_that_of_the_closed_form():
    system = _system()
    inputs = _inputs(20_000)
    clean = system.task.score(system(inputs, snr_db=np.inf)).numpy()
    system.mode = "limit"
    received = system.task.score(system(inputs, snr_db=-6.0)).numpy()
    expected = metrics.score_limit(1.0, system.num_symbols, -6.0)
    assert np.corrcoef(clean, received)[0, 1] == pytest.approx(float(expected), abs=0.01)


def test_the_limit_is_for_scores_over_awgn():
    with pytest.raises(ValueError, match=r"'limit' for scores.*num_classes=2"):
        _system(2).mode = "limit"
    system = _system()
    system.mode = "limit"
    with pytest.raises(ValueError, match=r"at least two samples. Received: 1"):
        system(_inputs(1), snr_db=0.0)
    system.link = FlatFadingLink()
    with pytest.raises(ValueError, match=r"needs an AWGNLink. Received: FlatFadingLink"):
        system(_inputs(4), snr_db=0.0)
