# SPDX-License-Identifier: Apache-2.0
"""A decision with non-finite inputs ends the simulation, independent of the system."""

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom import metrics
from sionna_semcom.datasets import Digits, generated_features
from sionna_semcom.link import AWGNLink
from sionna_semcom.semantics import modalities
from sionna_semcom.simulation import sim_metrics
from sionna_semcom.simulation.evaluation.probes import probe
from sionna_semcom.systems import (
    CentroidSystem,
    Classifier,
    DigitalFeatures,
    FeatureTransmission,
    TDeepSC,
    TwoStageVIB,
)

FEATURES = generated_features(60, 10, 20)
BATCHES = [
    {name: value.numpy() for name, value in batch.items()} for batch in FEATURES.test(10).take(2)
]
TWO = [{**batch, "label": batch["label"] % 2} for batch in BATCHES]


def digital(num_classes, link):
    features = {name: value.numpy() for name, value in next(iter(FEATURES.train(60, 1))).items()}
    return DigitalFeatures(FEATURES.shapes, num_classes, features, link=link, transmitted_dim=48)


def system(kind, num_classes):
    if kind is DigitalFeatures:
        return digital(num_classes, AWGNLink())
    options = {} if kind is FeatureTransmission else {"transmitted_dim": 16}
    return kind(FEATURES.shapes, num_classes, link=AWGNLink(), width=8, **options)


def with_nan(batches, key):
    """Replace one value of the first sample of ``batches`` by NaN."""
    spoilt = [{**batch, key: np.array(batch[key], "f")} for batch in batches]
    for batch in spoilt:
        batch[key][0].flat[0] = np.nan
    return spoilt


def spoil(model):
    model.set_weights([weight * np.nan for weight in model.get_weights()])


def refuse(model, batches, match="is not finite for", **options):
    seen = f"{match}|`symbols` must be finite"  # which a link checks outside graphs
    with pytest.raises(FloatingPointError, match=seen):
        sim_metrics(model, batches, [5.0], progress=False, **options)


@pytest.mark.parametrize("num_classes", [0, 2, 32])
@pytest.mark.parametrize("kind", [TwoStageVIB, TDeepSC, FeatureTransmission, DigitalFeatures])
def test_features_and_weights_that_are_not_finite(kind, num_classes):
    batches = TWO if num_classes == 2 else BATCHES
    if not num_classes:
        batches = [{**batch, "label": batch["label"] / 16.0 - 1.0} for batch in batches]
        batches = [{**batch, "label": batch["label"].astype("f")} for batch in batches]
    model = system(kind, num_classes)
    refuse(model, with_nan(batches, "text"), "for 1 of 10 samples", graph_mode=None)
    spoil(model)
    refuse(model, batches, "for 10 of 10 samples", graph_mode=None)


@pytest.mark.parametrize("graph_mode", [None, "graph", "xla"])
def test_however_it_is_executed(graph_mode):
    model = system(TwoStageVIB, 2)
    refuse(model, with_nan(TWO, "text"), "Decisions of acc2 have", graph_mode=graph_mode)
    sim_metrics(model, TWO, [5.0], progress=False, graph_mode=graph_mode)


def test_a_decision_at_the_transmitter():
    model = system(TwoStageVIB, 2)
    model.mode = "decision"
    refuse(model, with_nan(TWO, "text"), graph_mode=None)
    outputs = tf.function(model.call)(with_nan(TWO, "text")[0], 5.0)  # whose link refuses nothing
    np.testing.assert_array_equal(np.isnan(outputs[:, 0]), [True] + 9 * [False])


def test_digital_features_that_are_not_finite_come_out_so():
    model = digital(2, AWGNLink())
    outputs = model.call(with_nan(TWO, "text")[0], np.inf)
    np.testing.assert_array_equal(np.isnan(outputs[:, 0]), [True] + 9 * [False])


def test_words_and_judges_and_metrics_of_ones_own():
    data = Digits()
    batches = [{k: v.numpy() for k, v in batch.items()} for batch in data.test(10).take(2)]
    shapes = {"text": data.shapes["text"], "image": data.shapes["image"]}
    text = CentroidSystem(modalities({"text": shapes["text"]}, 4), link=AWGNLink())
    refuse(text, with_nan(batches, "text"), "Decisions of text_accuracy", graph_mode=None)
    spoil(text)
    refuse(text, batches, "Decisions of text_accuracy", graph_mode=None)
    both = CentroidSystem(modalities(shapes, 4), link=AWGNLink())
    both.recognizers = {"image": Classifier(shapes["image"], modality="image")}
    spoil(both.recognizers["image"])
    refuse(both, batches, "image_recognized", graph_mode=None)


@pytest.mark.parametrize("graph_mode", [None, "graph", "xla"])
@pytest.mark.parametrize("traced", [False, True])
def test_a_measure_of_the_users(graph_mode, traced):
    def measure(batch, snr_db):
        return {
            "accuracy": metrics.accuracy(tf.eye(10), batch),
            "recall": metrics.recall_at_1(batch, tf.eye(10)),
        }

    bad = np.eye(10, dtype="f")
    bad[3, 0] = np.inf
    function = tf.function(measure) if traced else measure
    expected = r"Decisions of accuracy, recall have .* 1 of 10"
    refuse(function, [bad, bad], expected, graph_mode=graph_mode)
    result = sim_metrics(function, 2 * [np.eye(10, dtype="f")], [0], progress=False)
    assert result.curve.metrics["accuracy"].mean == 1.0
    assert result.curve.metrics["accuracy"].proportion


def test_probes_and_summaries():
    model = system(TwoStageVIB, 32)
    spoil(model)
    with pytest.raises(FloatingPointError, match=r"representation '.*' is not finite for"):
        probe(model, FEATURES, FEATURES.test(10), 5.0)
    text = CentroidSystem(modalities({"text": (10,)}, 4), link=AWGNLink())
    spoil(text)
    with pytest.raises(FloatingPointError, match="Embeddings of text are not finite"):
        text.summary([{"text": np.eye(10, dtype="f")}])
    x, y = np.full([20, 2], np.nan), np.arange(20) % 2
    with pytest.raises(ValueError, match="must be finite"):
        metrics.linear_probe((x, y), (x, y))
    with pytest.raises(ValueError, match="must be finite"):
        metrics.fresh_dependence(x, x, folds=3)
