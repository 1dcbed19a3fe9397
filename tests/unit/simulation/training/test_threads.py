# SPDX-License-Identifier: Apache-2.0
"""Deterministic training does not depend on the number of cores."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from sionna_semcom.simulation.training import threads

TRAINING = """
import hashlib, os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
from sionna_semcom._seeding import set_seed
from sionna_semcom.datasets import Digits
from sionna_semcom.simulation.training.loop import ModelSettings, train
settings = ModelSettings.model_validate({
    "system": {"kind": "centroid", "latent_dim": 16},
    "training": {"epochs": 1, "steps_per_epoch": 15, "warmup_steps": 2, "deterministic": True},
})
set_seed(3)
data = Digits()
system = train(settings.build(data), data, settings.training, 7)
print(hashlib.sha256(b"".join(w.tobytes() for w in system.get_weights())).hexdigest())
"""


def run(code, *arguments, **environment):
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() + done.stderr[-500:] * bool(done.returncode)


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")
def test_deterministic_training_is_the_same_on_one_core_and_on_two():
    one, two = run(TRAINING, "1"), run(TRAINING, "2")
    assert len(one) == 64
    assert one == two


def test_too_late_is_said(monkeypatch):
    def late(count):
        raise RuntimeError("cannot be modified after initialization")

    monkeypatch.setattr(threads, "intra_op_threads", lambda: 2)
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", late)
    with pytest.raises(ValueError, match=r"one thread per operation.*already uses 2"):
        threads.require_one_thread()
    monkeypatch.setattr(threads, "intra_op_threads", lambda: 1)
    threads.require_one_thread()


def test_the_number_of_threads_is_that_asked_for(monkeypatch):
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 0)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    assert threads.intra_op_threads() == 3
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS")
    assert threads.intra_op_threads() == len(os.sched_getaffinity(0))
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 5)
    assert threads.intra_op_threads() == 5


@pytest.mark.parametrize("value", ["abc", "-2", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused_first(monkeypatch, value):
    monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: 0)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", value)
    for function in (threads.intra_op_threads, threads.wanted_threads):
        with pytest.raises(ValueError, match=f"non-negative integer. Received: '{value}'"):
            function()


def test_systems_without_affinity_count_their_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "0")
    assert threads.wanted_threads() == 6


def test_all_commands_train_with_as_many_threads_as_runs(monkeypatch):
    asked = []
    monkeypatch.setattr(threads, "prefer_threads", asked.append)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    with threads.limited_threads() as number, threads.limited_threads(True) as one:
        assert (number, one) == (3, 1)
    assert asked == [3, 1]
