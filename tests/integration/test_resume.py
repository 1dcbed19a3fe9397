# SPDX-License-Identifier: Apache-2.0
"""A study that is killed resumes, and ends with the same numbers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

STUDY = """
name: resumed
models:
  main:
    system: {kind: centroid, latent_dim: 4, modality_dropout: 0.2}
    link: {kind: ofdm, model: TDL-A}
    training: {epochs: 5, steps_per_epoch: 2, batch_size: 20, warmup_steps: 2}
links:
  tdl: {kind: ofdm, model: TDL-A}
  pool: {kind: ofdm, model: CDL-C, pool_size: 4}
curves:
  - {label: fresh channels, model: main, link: tdl}
  - {label: pool, model: main, link: pool}
evaluation: {snr_db: [0, 5, 10, 15], batch_size: 50, max_mc_iter: 4}
"""


def _start(study: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sionna_semcom", "run", str(study), "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=1800)
    assert process.returncode == 0, output
    return output


def _kill_when(process: subprocess.Popen[str], reached) -> None:
    """Send SIGKILL to ``process`` as soon as ``reached()`` is true."""
    while not reached():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def _epoch(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    with h5py.File(checkpoint) as file:
        return int(file.attrs["epoch"])


@pytest.mark.slow
def test_a_study_that_is_killed_twice_ends_with_the_same_file(tmp_path):
    study = tmp_path / "resumed.yaml"
    study.write_text(STUDY)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _finish(_start(study, whole))

    checkpoint = killed / "models/main/seed0.checkpoint.weights.h5"
    _kill_when(_start(study, killed), lambda: _epoch(checkpoint) >= 2)
    partial = killed / "resumed.partial.jsonl"
    _kill_when(_start(study, killed), lambda: partial.exists() and "10.0" in partial.read_text())
    assert not (killed / "resumed.h5").exists()
    output = _finish(_start(study, killed))

    assert "Resuming after" in output
    assert (killed / "resumed.h5").read_bytes() == (whole / "resumed.h5").read_bytes()
    assert not partial.exists()
    assert not checkpoint.exists()
