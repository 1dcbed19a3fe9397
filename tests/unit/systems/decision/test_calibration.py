# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import linprog

from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import generated_features
from sionna_semcom.link import AWGNLink, FlatFadingLink, RetransmissionLink
from sionna_semcom.semantics import Task
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.simulation.training.weights import load_model, save_model
from sionna_semcom.systems import DigitalFeatures, FeatureTransmission, TDeepSC, TwoStageVIB
from sionna_semcom.systems.decision.calibration import (
    ScoreMap,
    best_map,
    best_maps,
    snr_knots,
)

SHAPES = {"text": (6,), "audio": (5,)}
SIZE = 60


@pytest.fixture
def batch():
    draw = np.random.default_rng(1)
    arrays = {name: draw.normal(size=(SIZE, *shape)) for name, shape in SHAPES.items()}
    label = np.clip(0.8 + arrays["text"][:, 0] + 0.5 * draw.normal(size=SIZE), -3, 3)
    return {k: tf.constant(v, tf.float32) for k, v in {**arrays, "label": label}.items()}


def system(kind, batch, num_classes=0, snr_db=(0.0, 10.0), **more):
    arguments = {"link": AWGNLink(), "snr_db": snr_db, **more}
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


def error(outputs, batch):
    return np.abs(3 * np.tanh(outputs[:, 0] / 3) - batch["label"]).mean()


@pytest.mark.parametrize("kind", [TwoStageVIB, TDeepSC, DigitalFeatures, FeatureTransmission])
def test_calibration_scales_and_shifts_the_score(kind, batch, tmp_path):
    one = system(kind, batch)
    before, weights = one(batch, snr_db=np.inf).numpy(), one.get_weights()
    assert not one.calibrated
    set_seed("calibration")
    scale, shift = one.calibrate_score([batch])
    assert one.calibrated
    after = one(batch, snr_db=np.inf).numpy()
    np.testing.assert_allclose(after, scale[-1] * before + shift[-1], rtol=1e-4, atol=1e-4)
    assert error(after, batch) < error(before, batch)
    for a, b in zip(weights, one.get_weights(), strict=False):  # those of the map come last
        np.testing.assert_array_equal(a, b)
    save_model(one, tmp_path / "one.keras")
    loaded = load_model(tmp_path / "one.keras")
    assert loaded.calibrated
    np.testing.assert_array_equal(loaded(batch, snr_db=np.inf), after)


def test_a_map_that_is_off_is_kept_and_the_saved_one_is_the_last(batch, tmp_path):
    one = system(TwoStageVIB, batch)
    before = one(batch, snr_db=np.inf).numpy()
    one.calibrate_score([batch])
    after, size = one(batch, snr_db=np.inf).numpy(), len(one.get_weights())
    one.calibrated = False
    np.testing.assert_array_equal(one(batch, snr_db=np.inf), before)
    one.calibrated = True
    np.testing.assert_array_equal(one(batch, snr_db=np.inf), after)
    one.calibrate_score([{**batch, "label": batch["label"] - 1.0}])
    assert len(one.get_weights()) == size
    save_model(one, tmp_path / "one.keras")
    last = one(batch, snr_db=np.inf).numpy()
    assert last.mean() < after.mean()
    np.testing.assert_array_equal(load_model(tmp_path / "one.keras")(batch, snr_db=np.inf), last)
    one.calibrated = False
    save_model(one, tmp_path / "off.keras")
    np.testing.assert_array_equal(load_model(tmp_path / "off.keras")(batch, snr_db=np.inf), before)


@pytest.mark.parametrize("snr_db", [6.0, np.inf, 60.0])
def test_a_fixed_snr_has_one_map_of_its_own_link(batch, snr_db):
    """Over fading, the best map of the outputs is that of all channels."""
    one = system(TwoStageVIB, batch, snr_db=snr_db)
    one.link = FlatFadingLink(num_tx_ant=1, num_rx_ant=1)
    set_seed("drawn")
    outputs = np.concatenate([one(batch, snr_db=snr_db) for _ in range(60)])
    expected = best_map(functools.partial(Task(0).loss, np.tile(batch["label"], 60)), outputs)
    scale, shift = one.calibrate_score([batch], passes=60)
    found = error(scale * outputs + shift, {"label": np.tile(batch["label"], 60)})
    best = error(expected[0] * outputs + expected[1], {"label": np.tile(batch["label"], 60)})
    assert scale.shape == shift.shape == (1,)
    assert best <= found + 1e-4 < best + 0.01


def test_parts_of_unequal_power_are_calibrated_as_they_are_sent(batch):
    link = RetransmissionLink(AWGNLink(), num_transmissions=2, sends="parts")
    one = system(TwoStageVIB, batch, snr_db=(-10.0, 10.0), link=link, transmitted_dim=8)
    set_seed("parts")
    one.calibrate_score([batch], passes=20)
    many = {name: tf.concat([values] * 20, 0) for name, values in batch.items()}
    loss = functools.partial(Task(0).loss, many["label"])
    after = one(many, snr_db=-10.0).numpy()
    one.calibrated = False
    outputs = one(many, snr_db=-10.0).numpy()
    found = best_map(loss, outputs)
    best = error(found[0] * outputs + found[1], many)
    assert error(after, many) == pytest.approx(best, abs=0.03)


@pytest.mark.parametrize("kind", [TwoStageVIB, TDeepSC])
def test_noisy_scores_are_scaled_down_more(kind, batch):
    """At each SNR, the error is that of the best map of these outputs."""
    one = system(kind, batch, snr_db=(-15.0, 21.0))
    ends = (-15.0, 21.0)
    plain = {snr: np.concatenate([one(batch, snr_db=snr) for _ in range(8)]) for snr in ends}
    scale, _ = one.calibrate_score([batch], passes=20)
    assert len(scale) == 7
    assert abs(scale[0]) < abs(scale[-1])
    many = {name: tf.concat([values] * 8, 0) for name, values in batch.items()}
    loss = functools.partial(Task(0).loss, many["label"])
    for snr_db, outputs in plain.items():  # at both ends of the range
        found = best_map(loss, outputs)
        best = error(found[0] * outputs + found[1], many)
        assert error(one(many, snr_db=snr_db).numpy(), many) == pytest.approx(best, abs=0.03)


class Received:
    """A decision system whose outputs and qualities are given with the samples."""

    task = Task(0)
    quality_knots = (0.0, 6.0, 12.0, 18.0)
    calibration_snrs_db = (0.0,)

    def encodings(self, batch):
        return tf.stack([batch["output"], batch["quality"]], -1)

    def noise_power(self, snr_db):
        return snr_db

    def receive(self, latents, no):
        return latents

    def decode(self, features):
        return features[:, :1]

    def quality(self, features):
        return features[:, 1]


def test_knots_share_samples_between_them_and_empty_ones_are_interpolated():
    draw = np.random.default_rng(3)
    places = np.repeat([0.0, 15.0, 18.0], 40).astype("f")
    outputs = draw.normal(size=120).astype("f")
    label = np.select([places == 0, places == 15], [0.3 * outputs, 0.8 * outputs - 0.1], outputs)
    label = (label + 0.05 * draw.normal(size=120)).astype("f")
    batch = {"output": outputs, "quality": places, "label": label}
    found = best_maps(Received(), [{k: tf.constant(v) for k, v in batch.items()}], 1)

    def best(weights):
        near = weights > 0
        loss = functools.partial(Task(0).loss, label[near])
        return best_map(lambda moved: weights[near] * loss(moved), outputs[near, np.newaxis])

    first, third, last = (
        best(np.float32(w))
        for w in (places == 0, places == 15, (places > 14) - 0.5 * (places == 15))
    )
    expected = [first, np.mean([first, third], 0), third, last]
    np.testing.assert_allclose(found, expected, atol=5e-3)
    assert 0.2 < found[0, 0] < 0.4 < found[2, 0] < found[3, 0]


def test_the_map_is_linear_between_its_knots():
    """The reference is numpy's interpolation."""
    knots = [-6.0, 0.0, 6.0]
    layer = ScoreMap(knots)
    layer.set_weights([np.array([0.5, 2.0, -1.0]), np.array([0.0, 1.0, 3.0])])
    quality = np.array([-20.0, -6.0, -4.0, 0.0, 5.0, 40.0], np.float32)
    outputs = np.linspace(-2, 3, 6, dtype=np.float32)[:, np.newaxis]
    scale, shift = (np.interp(quality, knots, weight) for weight in layer.get_weights())
    expected = scale[:, np.newaxis] * outputs + shift[:, np.newaxis]
    np.testing.assert_allclose(layer(outputs, quality), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("low", "high", "knots"),
    [(3, 3, [3]), (0, 6, [0, 6]), (-12, 21, [-12 + 5.5 * k for k in range(7)])],
)
def test_knots_are_at_most_six_decibels_apart(low, high, knots):
    np.testing.assert_allclose(snr_knots(low, high), knots)


def test_lost_codewords_have_a_score_of_their_own(batch):
    """The median of the labels has the least error where nothing is known."""
    one = system(DigitalFeatures, batch)
    one.calibrate_score([batch])
    lost = one(batch, snr_db=-30.0).numpy()
    assert np.ptp(lost) == 0
    assert error(lost, batch) == pytest.approx(
        np.abs(np.median(batch["label"]) - batch["label"]).mean(), abs=2e-3
    )


@pytest.mark.parametrize("knots", [[], [1.0, 0.0], [0.0, 1.0, 3.0]])
def test_knots_ascend_at_equal_distances(knots):
    with pytest.raises(ValueError, match="`knots` must ascend at equal distances"):
        ScoreMap(knots)


def test_classes_and_unsuitable_samples_are_refused(batch):
    with pytest.raises(ValueError, match=r"is for scores.* Received: a system of 3 classes"):
        system(TwoStageVIB, batch, 3).calibrated = True
    with pytest.raises(ValueError, match=r"is for scores.* Received: a system of 2 classes"):
        system(TwoStageVIB, batch, 2).calibrate_score([batch])
    one = system(TwoStageVIB, batch)
    with pytest.raises(ValueError, match=r"`data` must have samples.* Received: none"):
        one.calibrate_score([])
    broken = {**batch, "text": tf.fill([SIZE, 6], np.nan)}
    with pytest.raises(ValueError, match=r"Outputs and qualities must be finite.* Received: NaN"):
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
