# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a tiny study, and result files."""

import numpy as np
import pytest

from sionna_semcom.simulation import Curve, Metric, Result

STUDY = """
name: tiny
title: Tiny [study]
data: {kind: builtin, modalities: [image, text]}
models:
  main:
    system: {kind: centroid, latent_dim: 4}
    link: {kind: awgn}
    training: {epochs: 1, steps_per_epoch: 2, batch_size: 10, warmup_steps: 1}
links:
  awgn: {kind: awgn}
curves:
  - {label: AWGN, model: main, link: awgn}
evaluation: {snr_db: [0, .inf], batch_size: 20, max_mc_iter: 2}
figure: {metrics: [image_mse, text_accuracy]}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.delenv("SIONNA_SEMCOM_DATA", raising=False)
    monkeypatch.delenv("SIONNA_SEMCOM_MODELS", raising=False)
    path = tmp_path / "link_sims/tiny.yaml"
    path.parent.mkdir()
    path.write_text(STUDY)
    return path


@pytest.fixture
def results(tmp_path):
    """Two result files."""
    metric = Metric(np.array([0.5, 0.25]), np.zeros(2), np.ones(2), np.array([10, 10]))
    for name in ("mine", "theirs"):
        curve = Curve(np.array([0.0, 10.0]), {"image_mse": metric, "audio_mae": metric})
        Result({"CDL-C": curve}, f"Title of {name}").save(tmp_path / f"{name}.h5")
    return [tmp_path / "mine.h5", tmp_path / "theirs.h5"]
