# SPDX-License-Identifier: Apache-2.0
"""Metrics of batches are complete, and functions of means are finite."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.simulation import sim_metrics
from sionna_semcom.simulation.evaluation.stop_rule import StopRule
from sionna_semcom.simulation.evaluation.tally import Tally

_DATA = tf.data.Dataset.range(24).batch(4)


@pytest.mark.parametrize("first", [True, False])
def test_all_batches_must_have_the_same_metrics(first):
    def measure(batch, snr_db):
        found = {"mse": tf.ones(4)}
        return found | ({"mae": tf.ones(4)} if (batch[0] == 0) == first else {})

    with pytest.raises(ValueError, match=r"same metrics\. Received: .* in batch 1 of the data"):
        sim_metrics(measure, _DATA, [0], graph_mode=None, progress=False)


def test_functions_of_means_may_have_extended_precision_and_must_be_finite():
    class Ratio:
        def __init__(self, function):
            self.aggregates = {"nmse": function}

        def measure(self, batch, snr_db):
            return {"nmse": tf.ones([4, 2])}

    states = []
    system = Ratio(lambda means: means[0] / means[1])
    sim_metrics(system, _DATA, [0], callback=states.append, graph_mode=None, progress=False)
    estimate = states[-1].estimates()["nmse"]
    assert estimate.mean == 1
    assert {type(one) for one in astuple(estimate)[:3]} == {float}
    system = Ratio(lambda means: math.nan)
    with pytest.raises(FloatingPointError, match=r"nmse, .*, is not finite at an SNR of 0 dB"):
        sim_metrics(system, _DATA, [0], graph_mode=None, progress=False)


def test_a_rate_without_errors_does_not_reach_a_target_width():
    """Batches without errors do not show how much the rate varies."""
    tally = Tally(0.0, StopRule(target_half_width={"ber": 1e-4}))
    for index in range(5):
        tally.add(index, {"ber": np.zeros(32)})
    assert not tally.reached_targets()
    steady = Tally(0.0, StopRule(target_half_width={"loss": 1e-4}))
    for index in range(5):
        steady.add(index, {"loss": np.full(32, 0.5)})
    assert steady.reached_targets()


def test_complex_metrics_are_refused():
    with pytest.raises(ValueError, match=r"Metrics must be real. Received: gain of type complex"):
        Tally(0.0, StopRule()).add(0, {"gain": np.ones(3, complex)})
