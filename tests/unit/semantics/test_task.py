# SPDX-License-Identifier: Apache-2.0
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from sklearn import metrics as reference

from sionna_semcom.semantics import Task


def _figures(task, label, outputs):
    found = task.measure(tf.constant(label), tf.constant(outputs))
    means = {name: np.asarray(value, float).mean(0) for name, value in found.items()}
    return {
        name: task.aggregates[name](mean) if name in task.aggregates else float(mean)
        for name, mean in means.items()
    }


def test_figures_of_scores_are_scikit_learns():
    draw = np.random.default_rng(0)
    label = np.clip(draw.normal(size=500) * 2, -3, 3).astype("f")
    label[:60] = 0.0
    outputs = (label[:, None] * 0.5 + draw.normal(size=(500, 1))).astype("f")
    task = Task(0)
    scores = task.score(tf.constant(outputs)).numpy()
    found = _figures(task, label, outputs)
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(label, scores), rel=1e-5)
    assert found["correlation"] == pytest.approx(np.corrcoef(label, scores)[0, 1], rel=1e-4)
    assert found["acc2"] == pytest.approx(np.mean((label >= 0) == (scores >= 0)))
    kept = label != 0
    assert found["acc2_nonzero"] == pytest.approx(np.mean((label > 0) == (scores > 0), where=kept))
    f1 = reference.f1_score(label >= 0, scores >= 0, average="weighted")
    assert found["f1"] == pytest.approx(f1, rel=1e-5)
    for name, limit in (("acc5", 2), ("acc7", 3)):
        rounded = (np.round(np.clip(x, -limit, limit)) for x in (label, scores))
        assert found[name] == pytest.approx(np.mean(np.equal(*rounded)))
    assert set(found) == set(task.metric_names)


@pytest.mark.parametrize("num_classes", [2, 3, 7])
def test_figures_of_classes_are_scikit_learns(num_classes):
    draw = np.random.default_rng(0)
    label = draw.integers(0, num_classes, 400).astype("i")
    task = Task(num_classes)
    outputs = draw.normal(size=(400, task.num_outputs)).astype("f")
    decided = outputs.argmax(1) if num_classes > 2 else (outputs[:, 0] >= 0).astype(int)
    found = _figures(task, label, outputs)
    accuracy = "acc2" if num_classes == 2 else "accuracy"
    assert found[accuracy] == pytest.approx(reference.accuracy_score(label, decided))
    f1 = reference.f1_score(label, decided, average="weighted")
    assert found["f1"] == pytest.approx(f1, rel=1e-5)
    assert set(found) == set(task.metric_names)


def test_losses_are_kerass():
    label, logits = tf.constant([0, 1, 1]), tf.random.normal([3, 1])
    expected = keras.losses.binary_crossentropy(tf.cast(label, "float32")[:, None], logits, True)
    np.testing.assert_allclose(Task(2).loss(label, logits), expected, rtol=1e-5)
    logits = tf.random.normal([3, 4])
    expected = keras.losses.sparse_categorical_crossentropy(label, logits, True)
    np.testing.assert_allclose(Task(4).loss(label, logits), expected, rtol=1e-5)


def test_scores_stay_within_limits():
    scores = Task(0).score(tf.constant([[-1e3], [0.0], [0.01], [1e3]])).numpy()
    np.testing.assert_allclose(scores, [-3, 0, 0.01, 3], rtol=1e-3)


@pytest.mark.parametrize("num_classes", [0, 2, 4])
def test_the_average_of_equal_predictions_is_the_same(num_classes):
    task = Task(num_classes)
    outputs = tf.random.normal([5, task.num_outputs])
    mean = task.average(tf.tile(outputs[None], [6, 1, 1]))
    close = mean - outputs
    close -= tf.reduce_mean(close, -1, keepdims=True) if num_classes > 2 else 0.0
    np.testing.assert_allclose(close, np.zeros_like(close), atol=1e-4)


@pytest.mark.parametrize("num_classes", [-1, 1])
def test_impossible_numbers_of_classes_are_refused(num_classes):
    with pytest.raises(ValueError, match=rf"`num_classes` must be 0.*Received: {num_classes}"):
        Task(num_classes)


@pytest.mark.parametrize("num_classes", [2, 4])
def test_the_posterior_is_that_of_the_class_that_is_decided_for(num_classes):
    task = Task(num_classes)
    outputs = np.random.default_rng(0).normal(size=(50, task.num_outputs)).astype("f")
    logits = np.hstack([np.zeros_like(outputs), outputs]) if num_classes == 2 else outputs
    expected = softmax(logits, -1)[np.arange(50), task.decide(tf.constant(outputs))]
    np.testing.assert_allclose(task.posterior(tf.constant(outputs)), expected, rtol=1e-5)


def test_scores_have_no_posterior():
    with pytest.raises(ValueError, match=r"a score has no posterior.*num_classes=0"):
        Task(0).posterior(tf.zeros([2, 1]))


@pytest.mark.parametrize("num_classes", [0, 2, 3])
def test_a_column_of_labels_is_refused(num_classes):
    """It would meet the outputs of all samples of the batch."""
    task = Task(num_classes)
    label, outputs = tf.constant([[1], [0]]), tf.zeros([2, task.num_outputs])
    for function in (task.loss, task.measure):
        with pytest.raises(ValueError, match=r"`label` must be \[batch\].* \(2, 1\)"):
            function(label, outputs)


def test_scores_are_no_classes_and_may_be_integers():
    outputs = tf.constant([[0.5], [-2.0]])
    for num_classes in (2, 3):
        with pytest.raises(
            ValueError, match=r"classes 0 to \d of an integer .* float32, as scores"
        ):
            Task(num_classes).loss(tf.constant([0.5, -2.0]), tf.repeat(outputs, 3, 1))
    found = [
        Task(0).measure(tf.constant([1, -2], dtype), outputs) for dtype in ("int64", "float32")
    ]
    for name, values in found[0].items():
        np.testing.assert_array_equal(values, found[1][name])
