# SPDX-License-Identifier: Apache-2.0
"""Batches on several devices, and execution modes that depend on the devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from sionna_semcom.simulation import sim_metrics
from sionna_semcom.simulation.evaluation import devices, graphs
from sionna_semcom.simulation.evaluation.graphs import executable

TWO_CPUS = """
import json, sys
import sionna.phy, tensorflow as tf
from sionna.phy import config
cpu = tf.config.list_physical_devices("CPU")[0]
limits = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, limits)
from sionna_semcom.simulation import sim_metrics
placed = []
def measure(batch, snr_db):
    values = tf.cast(batch, tf.float32)
    placed.append(str(getattr(values, "device", "")))
    error = tf.pow(10.0, -snr_db / 10.0) * tf.square(config.tf_rng.normal([tf.shape(batch)[0]]))
    return {"label": values, "mse": error}
data = tf.data.Dataset.range(1050).batch(100)  # eleven batches, the last of 50
def simulate(mode):
    placed.clear()
    seen = []
    watch = lambda state: seen.append(state.mc_iter) or ("stop" if state.mc_iter == 7 else None)
    options = dict(graph_mode=mode, progress=False)
    both = sim_metrics(measure, data, [0.0], distribute="all", **options).curve.metrics
    one = sim_metrics(measure, data, [0.0], distribute=[1], **options).curve.metrics
    stopped = sim_metrics(measure, data, [0.0], distribute="all", callback=watch, **options).curve
    return {
        "placed": sorted({name[-5:] for name in placed}),
        "label": [found["label"][0].mean for found in (both, one)],
        "mse": [[getattr(found["mse"][0], key) for key in ("ci_low", "mean", "ci_high")]
                for found in (both, one)],
        "count": [int(found["mse"].count[0]) for found in (both, one, stopped.metrics)],
        "seen": seen,
    }
print(json.dumps([simulate(mode) for mode in json.loads(sys.argv[1])]))
"""
MODES = ["graph", None]


@pytest.fixture(scope="module")
def on_two_devices():
    """Results of all modes, of one process with two devices."""
    command = [sys.executable, "-c", TWO_CPUS, json.dumps(MODES)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(MODES, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize("mode", MODES)
def test_batches_are_spread_over_two_devices(mode, on_two_devices):
    found = on_two_devices[mode]
    assert found["placed"] == ["CPU:0", "CPU:1"]
    np.testing.assert_allclose(found["label"], 524.5)
    assert found["count"] == [1050, 1050, 700]
    assert found["seen"] == [1, 2, 3, 4, 5, 6, 7]
    for low, _, high in found["mse"]:
        assert low < 1.0 < high


@pytest.mark.parametrize("wrong", ["gpus", [], [0, 0], [7], [-1]])
def test_devices_that_are_not_there_are_refused(wrong):
    with pytest.raises(
        ValueError, match=r"`distribute` must be 'all' or distinct device numbers in"
    ):
        sim_metrics(lambda batch, snr: {}, [], [0.0], distribute=wrong, progress=False)


def compiles(batch, snr_db):
    return {"value": batch + snr_db}


def does_not_compile(batch, snr_db):
    return {"value": tf.numpy_function(lambda x: x + 1.0, [batch], tf.float32)}


@pytest.mark.parametrize(
    ("there", "function", "compiled"),
    [(True, compiles, True), (True, does_not_compile, False), (False, compiles, False)],
)
def test_auto_compiles_where_there_is_a_gpu_and_xla_can(monkeypatch, there, function, compiled):
    modes, build = [], graphs._Traced._compile

    def noted(self, compiled):
        modes.append(compiled)
        build(self, compiled)

    monkeypatch.setattr(graphs._Traced, "_compile", noted)
    monkeypatch.setattr(graphs, "gpus", lambda: ["a GPU"] if there else [])
    measure = executable(function, "auto")
    for _ in range(2):
        found = measure(tf.constant([1.0, 2.0]), tf.constant(1.0))
        np.testing.assert_array_equal(found["value"], [2.0, 3.0])
    assert modes[-1] == compiled


def test_xla_cannot_spread_batches():
    with pytest.raises(ValueError, match="`graph_mode` must not be 'xla' with `distribute`"):
        sim_metrics(compiles, [], [0.0], distribute="all", graph_mode="xla", progress=False)


def test_memory_grows_unless_the_user_says_otherwise(monkeypatch):
    grown: list[tuple] = []
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)
    monkeypatch.setattr(devices, "gpus", lambda: ["free", "limited"])
    limits = {"free": None, "limited": ["a limit"]}
    monkeypatch.setattr(tf.config, "get_logical_device_configuration", limits.get)
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda *given: grown.append(given)
    )
    devices.share_memory()
    assert grown == [("free", True)]
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "false")
    devices.share_memory()
    assert len(grown) == 1
