# SPDX-License-Identifier: Apache-2.0
# mypy: disable-error-code="misc"
"""A fast study with exact results: the system is noise, and the data are numbers."""

import io

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console
from sionna.phy import config

from sionna_semcom.datasets.digits.settings import BuiltinData
from sionna_semcom.simulation import Study
from sionna_semcom.simulation.studies import runner
from sionna_semcom.simulation.training.settings import ModelSettings
from sionna_semcom.systems.base.contract import SystemContract


class Interruption(BaseException):
    """Replaces the signal that kills a process: no code handles it."""


class NoiseSystem(SystemContract):
    """Measures squared noise that depends on the SNR, the trained weights and ``present``."""

    calls = 0
    interrupt_at = None

    def __init__(self, weight):
        self.weight = weight
        self.link = None
        self.recognizers = {}

    def get_weights(self):
        return [np.array([self.weight], np.float32)]

    def measure(self, batch, snr_db, present=None):
        NoiseSystem.calls += 1
        if NoiseSystem.calls == NoiseSystem.interrupt_at:
            raise Interruption
        symbols = tf.complex(config.tf_rng.normal([batch.shape[0], 2]), 0.0)
        received, _ = self.link(symbols, tf.pow(10.0, -snr_db / 10.0))
        error = self.weight * tf.reduce_mean(tf.abs(received - symbols) ** 2, -1)
        return {"mse": error * (len(present) if present else 3), "small": error < 0.1}

    def summary(self, batches):
        return {"tti": 2 + self.weight, "power": self.weight**2, "recall/a_to_b": np.float32(0.5)}


class Numbers:
    def __init__(self):
        self.checksums = {"numbers": "abc"}

    def test(self, batch_size):
        return tf.data.Dataset.range(40).batch(batch_size)


@pytest.fixture(autouse=True)
def noise(monkeypatch):
    weights = {("main", 0): 1.0, ("main", 1): 2.0, ("main", 2): 3.0}
    weights |= {("small", 0): 0.5, ("small", 1): 0.5, ("same", 0): 0.5, ("same", 1): 0.5}
    monkeypatch.setattr(BuiltinData, "load", lambda self, models: Numbers())
    monkeypatch.setattr(
        runner.ModelStore,
        "obtain",
        lambda self, name, settings, data, seed: NoiseSystem(weights[name, seed]),
    )
    monkeypatch.setattr(ModelSettings, "build", lambda *_, **__: NoiseSystem(1.0))
    monkeypatch.setattr(NoiseSystem, "calls", 0)
    monkeypatch.setattr(NoiseSystem, "interrupt_at", None)
    return weights


def _study(**evaluation):
    fading = {"kind": "flat_fading", "num_tx_ant": 1, "num_rx_ant": 2}
    return Study.model_validate(
        {
            "name": "noise",
            "title": "Noise",
            "models": {"main": {"system": {"kind": "centroid"}, "link": {"kind": "awgn"}}},
            "links": {"awgn": {"kind": "awgn"}, "fading": fading},
            "curves": [
                {"label": "z, AWGN", "model": "main", "link": "awgn"},
                {"label": "a, fading", "model": "main", "link": "fading", "present": ["image"]},
            ],
            "evaluation": {
                "snr_db": [0, 10],
                "batch_size": 10,
                "seeds": [0, 1],
                "graph_mode": None,
                **evaluation,
            },
        }
    )


def _run(study, out):
    text = io.StringIO()
    result = runner.run_study(study, out, console=Console(file=text, width=200))
    return result, text.getvalue()


def _study_along(axis="tti", **evaluation):
    """Curves along a summary value: two with a model per point, one with a link per point."""
    document = _study().model_dump(mode="json")
    document["models"] |= dict.fromkeys(("small", "same"), document["models"]["main"])
    document["curves"] = [
        {"label": "models", "model": ["main", "small", "same"], "link": "awgn"},
        {"label": "links", "model": "main", "link": ["fading", "awgn"]},
        {"label": "one", "model": "small", "link": "fading"},
    ]
    document["evaluation"] |= {"axis": axis, "snr_db": [10], **evaluation}
    return Study.model_validate(document)
