# SPDX-License-Identifier: Apache-2.0
"""AutoGraph converts no function of this package, and each graph is traced once."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.autograph.impl import api

from sionna_semcom.channel import FlatMIMOChannel
from sionna_semcom.datasets import Digits, generated_features
from sionna_semcom.link import AWGNLink, CodedTransmission, FlatFadingLink, OFDMLink
from sionna_semcom.simulation import sim_metrics
from sionna_semcom.simulation.evaluation.graphs import Graphs, executable
from sionna_semcom.simulation.evaluation.probes import probe
from sionna_semcom.systems import CentroidSystem, CoMM, TwoStageVIB

GRID = {"num_tx_ant": 2, "num_rx_ant": 2, "fft_size": 24}


@pytest.fixture
def conversions(monkeypatch):
    """Names of the functions that AutoGraph converts."""
    found, convert = [], api._convert_actual

    def counted(entity, context):
        found.append(f"{entity.__module__}.{entity.__qualname__}")
        return convert(entity, context)

    monkeypatch.setattr(api, "_convert_actual", counted)
    return found


def centroid(link=None):
    link = link or OFDMLink(**GRID)
    return CentroidSystem(Digits().shapes, link=link, latent_dim=4)


def vib(data, link=None):
    options = {"width": 8, "unimodal_dim": 4, "received_dim": 4, "transmitted_dim": 6}
    return TwoStageVIB(data.shapes, data.num_classes, link=link or AWGNLink(), **options)


def comm(data):
    sizes = {"width": 8, "token_width": 8, "num_heads": 2, "projection": (8, 4)}
    return CoMM(data.shapes, link=AWGNLink(), **sizes)


def test_the_counter_counts(conversions):
    def users(x):
        return -x if x < 0 else x

    assert tf.function(users)(tf.constant(-2.0)) == 2.0
    assert [name.rpartition(".")[2] for name in conversions] == ["users"]


def test_training_evaluation_and_prediction_convert_nothing(conversions):
    data = Digits()
    system = centroid()
    system.compile("adam")
    system.fit(data.train(8, 2), verbose=0)
    system.evaluate(data.test(8).take(2), verbose=0)
    system.predict(next(iter(data.test(4))), verbose=0)
    sim_metrics(system, data.test(8), [0.0], max_mc_iter=2, progress=False)
    system.link.graph()(tf.ones([3, 2], tf.complex64), 0.1)
    system.summary(data.test(8))
    assert conversions == []


def test_probes_and_batches_of_features_convert_nothing(conversions):
    data = generated_features(120, 40, 80)
    for system in (vib(data), comm(data)):
        system.compile("adam")
        system.fit(data.train(10, 2), verbose=0)
        sim_metrics(system, data.test(10), [0.0], progress=False)
        probe(system, data, data.test(10), 0.0)
    assert conversions == []


def test_a_users_own_graph_converts_nothing_of_this_package(conversions):
    system = vib(data := generated_features(120, 40, 80))
    batch, symbols = next(iter(data.test(6))), tf.ones([3, 4], tf.complex64)
    link, channel = FlatFadingLink(), FlatMIMOChannel()
    coded, bits = CodedTransmission(AWGNLink(), 12, 0.5, 2), tf.zeros([2, 12])

    @tf.function
    def users():
        figures = system.measure(batch, 3.0)
        outputs = system(batch, snr_db=3.0)
        state = channel.draw(3, 0.1)
        return figures, outputs, link(symbols, 0.1), coded(bits, 0.1), state

    users()
    assert [name.rpartition(".")[2] for name in conversions] == ["users"]


def test_a_users_function_may_branch_on_tensors(conversions):
    system = vib(data := generated_features(120, 40, 80))

    def users(batch, snr_db):
        figures = system.measure(batch, snr_db)
        if snr_db > 0:
            high = tf.ones_like(batch["label"], tf.float32)
        else:
            high = tf.zeros_like(batch["label"], tf.float32)
        return {"accuracy": figures["accuracy"], "high": high}

    found = sim_metrics(users, data.test(10), [-5.0, 5.0], progress=False).curve.metrics
    np.testing.assert_array_equal([one.mean for one in found["high"]], [0.0, 1.0])
    assert [name for name in conversions if "sionna_semcom" in name] == []


def counting(system):
    """Count how often ``system.measure`` is traced."""
    traces, measure = [], system.measure

    def counted(*arguments, **options):
        traces.append(arguments)
        return measure(*arguments, **options)

    counted.__module__ = measure.__module__
    system.measure = counted
    return traces


def test_one_graph_for_all_snrs_and_a_smaller_last_batch():
    system = vib(data := generated_features(60, 20, 25))
    traces = counting(system)
    result = sim_metrics(system, data.test(10), [0.0, 5.0, 10.0], progress=False)
    assert len(traces) == 1
    assert result.curve.metrics["accuracy"].count[0] == 25


@pytest.mark.parametrize("sizes", [(4, 4, 3, 2), (1, 4, 3, 2)])
def test_one_graph_for_a_function_of_batches_whose_size_is_open(sizes):
    traces = []

    def users(batch, snr_db):
        traces.append(batch)
        return {"value": tf.cast(batch, tf.float32)}

    specification = tf.TensorSpec([None], tf.int64)
    measure = executable(users, "graph", specification)
    for size in sizes:
        measure(tf.range(size, dtype=tf.int64), tf.constant(0.0))
    assert len(traces) == 1


def test_a_size_that_is_known_stays_known():
    sizes = []

    def users(batch, snr_db):
        sizes.append(batch.shape[0])
        return {"value": tf.cast(batch, tf.float32)}

    sim_metrics(
        users, tf.data.Dataset.range(40).batch(10, drop_remainder=True), [0.0], progress=False
    )
    assert sizes == [10]


class Logits(TwoStageVIB):
    """System that reports the inputs of its decision."""

    def __init__(self, data):
        sizes = {"width": 8, "unimodal_dim": 4, "received_dim": 4, "transmitted_dim": 6}
        super().__init__(data.shapes, data.num_classes, link=AWGNLink(), **sizes)

    def measure(self, batch, snr_db, present=None, encodings=None):
        return {"logit": self.call(batch, snr_db, present)[:, 0]}


def test_a_system_that_is_measured_again_has_its_graph():
    system, graphs = Logits(data := generated_features(120, 40, 80)), Graphs()
    traces, batch, snr = counting(system), next(iter(data.test(6))), tf.constant(math.inf)
    first = graphs.measure(system, "graph")(batch, snr)
    system.head.set_weights([-weight for weight in system.head.get_weights()])
    again = graphs.measure(system, "graph")(batch, snr)
    assert len(traces) == 1
    assert not np.allclose(first["logit"], again["logit"])
    np.testing.assert_allclose(again["logit"], -first["logit"], atol=1e-5)
    graphs.measure(system, "graph", ["text"])(batch, snr)
    assert len(traces) == 2
    system.link = FlatFadingLink()
    graphs.measure(system, "graph")(batch, snr)
    assert len(traces) == 3
    system.link = system.link
    graphs.measure(system, "graph")(batch, snr)
    assert len(traces) == 3


def test_training_is_traced_once_for_all_epochs():
    system = centroid(AWGNLink())
    traces, step = [], system.train_step

    def counted(data):
        traces.append(data)
        return step(data)

    system.train_step = counted
    system.compile("adam")  # which makes no variables yet
    for epoch in range(3):
        system.fit(
            Digits().train(8, 2, seed=epoch), initial_epoch=epoch, epochs=epoch + 1, verbose=0
        )
        system.link = system.link
    assert len(traces) == 1


def test_the_name_of_the_count_of_undecidable_samples_is_reserved():
    with pytest.raises(ValueError, match="'undecidable' is reserved"):
        sim_metrics(
            lambda batch, snr_db: {"mse": batch, "undecidable": batch},
            tf.data.Dataset.from_tensors(tf.zeros(4)),
            [0.0],
            max_mc_iter=2,
            progress=False,
        )
