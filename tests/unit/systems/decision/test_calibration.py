# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import linprog

from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import generated_features
from sionna_semcom.link import AWGNLink
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.weights import load_model, save_model
from sionna_semcom.systems import DigitalFeatures, FeatureTransmission, TDeepSC, TwoStageVIB
from sionna_semcom.systems.decision.calibration import best_map

SHAPES = {"text": (6,), "audio": (5,)}
SIZE = 60


@pytest.fixture
def batch():
    draw = np.random.default_rng(1)
    arrays = {name: draw.normal(size=(SIZE, *shape)) for name, shape in SHAPES.items()}
    label = np.clip(0.8 + arrays["text"][:, 0] + 0.5 * draw.normal(size=SIZE), -3, 3)
    return {k: tf.constant(v, tf.float32) for k, v in {**arrays, "label": label}.items()}


def system(kind, batch, num_classes=0):
    arguments = {"link": AWGNLink(), "snr_db": (0.0, 10.0)}
    if kind is DigitalFeatures:
        arguments["features"] = {name: batch[name].numpy() for name in SHAPES}
    made = kind(SHAPES, num_classes, **arguments)
    last = made.head.layers[-1]
    last.kernel.assign(np.random.default_rng(2).normal(size=last.kernel.shape))
    return made


def test_the_map_is_a_median_regression():
    """The reference is the linear program of the sum of absolute errors."""
    draw = np.random.default_rng(0)
    outputs = draw.normal(size=(101, 1)).astype(np.float32)
    label = (1.7 * outputs[:, 0] - 0.4 + draw.standard_t(2, 101)).astype(np.float32)
    found = best_map(lambda moved: tf.abs(moved[:, 0] - label), outputs)
    design = np.column_stack([outputs, np.ones(101)])
    slack = np.eye(101)
    program = linprog(
        np.r_[0, 0, np.ones(101)],
        A_ub=np.block([[design, -slack], [-design, -slack]]),
        b_ub=np.r_[label, -label],
        bounds=[(None, None)] * 2 + [(0, None)] * 101,
    )
    assert np.abs(design @ found - label).sum() == pytest.approx(program.fun, rel=1e-3)
    np.testing.assert_allclose(found, program.x[:2], atol=0.02)


@pytest.mark.parametrize("kind", [TwoStageVIB, TDeepSC, DigitalFeatures, FeatureTransmission])
def test_the_last_layer_scales_and_shifts_the_score(kind, batch, tmp_path):
    one = system(kind, batch)
    before = one(batch, snr_db=np.inf).numpy()
    weights = one.get_weights()
    set_seed("calibration")
    scale, shift = one.calibrate_score([batch])
    after = one(batch, snr_db=np.inf).numpy()
    np.testing.assert_allclose(after, scale * before + shift, rtol=1e-4, atol=1e-4)
    errors = [np.abs(3 * np.tanh(x[:, 0] / 3) - batch["label"]).mean() for x in (before, after)]
    assert errors[1] < errors[0]
    changed = [not np.array_equal(a, b) for a, b in zip(weights, one.get_weights(), strict=True)]
    assert sum(changed) == 2
    save_model(one, tmp_path / "one.keras")
    loaded = load_model(tmp_path / "one.keras")
    np.testing.assert_array_equal(loaded(batch, snr_db=np.inf), after)


def test_classes_and_unsuitable_samples_are_refused(batch):
    with pytest.raises(ValueError, match=r"is for scores.* Received: a system of 2 classes"):
        system(TwoStageVIB, batch, 2).calibrate_score([batch])
    one = system(TwoStageVIB, batch)
    with pytest.raises(ValueError, match=r"`data` must have samples.* Received: none"):
        one.calibrate_score([])
    broken = {**batch, "text": tf.fill([SIZE, 6], np.nan)}
    with pytest.raises(ValueError, match=r"Outputs must be finite.* Received: NaN or inf"):
        one.calibrate_score([broken])


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("two_stage_vib", r"calibrate is for scores \(label: regression\)"),
        ("centroid", "calibrate is for systems that decide on a score. Received: centroid"),
    ],
)
def test_a_training_without_scores_is_refused_before_anything_is_built(kind, message):
    settings = {"system": {"kind": kind}, "training": {"calibrate": True}}
    data = generated_features(num_train=40, num_validation=20, num_test=20)
    with pytest.raises(ValueError, match=message):
        ModelSettings.model_validate(settings).build(data)
