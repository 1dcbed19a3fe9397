# SPDX-License-Identifier: Apache-2.0
"""Representations in k symbols: trained and frozen parts, and the received representation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.link import AWGNLink
from sionna_semcom.systems import CoMM, CompressedCoMM, transfer_weights

SHAPES = {"one": (6,), "two": (5,)}
SMALL = {"width": 32, "token_width": 16, "num_heads": 4, "projection": (12,)}


def _sender():
    return CoMM(SHAPES, link=AWGNLink(), **SMALL)


def _batch(size=128):
    draw = np.random.default_rng(0)
    batch = {name: draw.normal(size=(size, *shape)) for name, shape in SHAPES.items()}
    label = tf.constant(draw.integers(0, 2, size), tf.int32)
    return {**{k: tf.constant(v, tf.float32) for k, v in batch.items()}, "label": label}


def _fit(system, batch, steps=150):
    system.compile(keras.optimizers.Adam(3e-3))
    system.fit(tf.data.Dataset.from_tensors(batch).repeat(steps), verbose=0)
    return system


def _error(system, batch, snr_db, **options):
    return float(tf.reduce_mean(system.measure(batch, snr_db, **options)["mse"]))


def test_training_keeps_the_representation_and_leaves_its_sender_alone():
    batch, sender = _batch(), _sender()
    before = sender.get_weights()
    system = _fit(CompressedCoMM(sender, link=AWGNLink(), num_symbols=4, hidden=(64,)), batch)
    for old, new in zip(before, sender.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    errors = [_error(system, batch, snr_db) for snr_db in (-10.0, 5.0, 20.0)]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.6
    assert system(batch, snr_db=20.0).shape == (128, 32)


def test_more_symbols_lose_less():
    batch = _batch()
    options = {"snr_db": 20.0, "hidden": (64,)}
    few, many = (
        _fit(CompressedCoMM(_sender(), link=AWGNLink(), num_symbols=k, **options), batch)
        for k in (1, 12)
    )
    assert _error(many, batch, 20.0) < 0.7 * _error(few, batch, 20.0)


def test_the_target_is_standardized():
    batch = _batch()
    system = _fit(CompressedCoMM(_sender(), link=AWGNLink(), num_symbols=2), batch, 600)
    target = system.standardize(system.sender.represent(batch))
    np.testing.assert_allclose(tf.reduce_mean(target, 0), 0.0, atol=0.05)
    np.testing.assert_allclose(tf.math.reduce_std(target, 0), 1.0, atol=0.1)


def test_a_sender_with_a_teacher_learns_and_the_teacher_does_not():
    batch, sender = _batch(), _sender()
    system = CompressedCoMM(sender, link=AWGNLink(), num_symbols=4, fine_tune=True)
    teacher = system.teacher
    transfer_weights(system, _sender())
    np.testing.assert_array_equal(sender.represent(batch), teacher.represent(batch))
    before = teacher.get_weights()
    _fit(system, batch, 20)
    for old, new in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert np.abs(sender.represent(batch) - teacher.represent(batch)).max() > 1e-3


def test_weights_of_a_tuned_sender_and_its_teacher_come_back(tmp_path):
    batch = _batch()
    system, other = (
        CompressedCoMM(_sender(), link=AWGNLink(), num_symbols=4, fine_tune=True) for _ in range(2)
    )
    _fit(system, batch, 5).save_weights(tmp_path / "few.weights.h5")
    other.load_weights(tmp_path / "few.weights.h5")
    for trained, loaded in ((system.sender, other.sender), (system.teacher, other.teacher)):
        np.testing.assert_array_equal(trained.represent(batch), loaded.represent(batch))
    assert _error(system, batch, np.inf) == pytest.approx(_error(other, batch, np.inf))


def test_what_is_missing_is_missed():
    batch = _batch()
    options = {"num_symbols": 12, "snr_db": 20.0}
    system = _fit(CompressedCoMM(_sender(), link=AWGNLink(), **options), batch)
    assert _error(system, batch, 20.0, present=["one"]) > 1.3 * _error(system, batch, 20.0)
    shown = system.representations({"one": batch["one"]}, 20.0, present=["one"])
    assert shown["received"].shape == (128, 32)


def test_what_it_costs():
    plain = CompressedCoMM(_sender(), link=AWGNLink(), num_symbols=3).summary([_batch()])
    taught = CompressedCoMM(_sender(), link=AWGNLink(), num_symbols=3, fine_tune=True)
    assert plain["channel_uses"] == pytest.approx(3)
    assert taught.summary([_batch()])["parameters"] == plain["parameters"]


def test_there_must_be_a_symbol():
    with pytest.raises(ValueError, match="num_symbols"):
        CompressedCoMM(_sender(), link=AWGNLink(), num_symbols=0)
