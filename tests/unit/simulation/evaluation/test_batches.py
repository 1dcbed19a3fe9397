# SPDX-License-Identifier: Apache-2.0
"""Batches in memory, and cached results of batches."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.datasets import generated_features
from sionna_semcom.link import FlatFadingLink
from sionna_semcom.simulation import sim_metrics
from sionna_semcom.simulation.evaluation.batches import Batches
from sionna_semcom.simulation.evaluation.memory import Memory
from sionna_semcom.systems import FeatureTransmission


def data(passes):
    """Ten batches of four numbers of 8 bytes, and a counter of passes over the data."""

    def generate():
        passes.append(1)
        yield from np.arange(40)

    signature = tf.TensorSpec([], tf.int64)
    return tf.data.Dataset.from_generator(generate, output_signature=signature).batch(4)


@pytest.mark.parametrize(
    ("most_bytes", "num_kept", "num_read"), [(10**6, 10, 1), (100, 3, 3), (0, 0, 3)]
)
def test_passes_are_equal_and_as_many_batches_are_kept_as_fit(most_bytes, num_kept, num_read):
    batches = Batches(data(passes := []), most_bytes)
    first, second, third = (list(batches) for _ in range(3))
    for one in (first, second, third):
        np.testing.assert_array_equal(tf.concat(one, 0), np.arange(40))
    same = [a is b is c for a, b, c in zip(first, second, third, strict=True)]
    assert same == [True] * num_kept + [False] * (10 - num_kept)
    assert len(passes) == num_read


def test_a_pass_that_is_broken_off_keeps_what_it_read():
    batches = Batches(data(passes := []))
    first = next(iter(batches))
    assert next(iter(batches)) is first
    np.testing.assert_array_equal(tf.concat(list(batches), 0), np.arange(40))
    assert len(list(batches)) == 10
    assert len(passes) == 2


def test_what_was_computed_is_known_while_the_batch_exists():
    asked, memory = [], Memory()

    def compute(batch):
        asked.append(1)
        return batch["x"] + 1.0

    batch = {name: tf.random.uniform([2]) for name in "xy"}  # TensorFlow keeps some constants
    assert memory.get(batch, compute) is memory.get(dict(batch), compute)
    memory.get({**batch, "y": tf.random.uniform([2])}, compute)
    assert len(asked) == 2
    del batch
    gc.collect()
    assert len(memory) == 0
    for _ in range(2):
        memory.get({"x": np.ones(2)}, compute)  # which may change in place
    assert len(asked) == 4


def test_encodings_of_batches_that_come_again_are_made_once(monkeypatch):
    features = generated_features(60, 20, 40)
    system = FeatureTransmission(
        features.shapes, features.num_classes, link=FlatFadingLink(), width=8
    )
    ran = []
    encode = system.encode

    def counted(*arguments):
        tf.py_function(lambda: ran.append(1), [], [])
        return encode(*arguments)

    monkeypatch.setattr(system, "encode", counted)
    kept = list(features.test(10))
    options = {"max_mc_iter": 12, "progress": False}
    again = sim_metrics(system, kept, [0.0, 5.0], **options).curve.metrics
    assert len(ran) == 4
    anew = sim_metrics(system, features.test(10), [0.0, 5.0], **options).curve.metrics
    assert len(ran) == 4 + 24
    for name, found in again.items():
        np.testing.assert_array_equal(found.mean, anew[name].mean)
        np.testing.assert_array_equal(found.ci_low, anew[name].ci_low)
