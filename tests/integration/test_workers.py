# SPDX-License-Identifier: Apache-2.0
"""A study writes the same file in one process and on workers, even if workers die."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

STUDY = """
name: shared
data: {kind: builtin, modalities: [image, text]}
models:
  main:
    system: {kind: centroid, latent_dim: 4, modality_dropout: 0.2}
    training: {epochs: 2, steps_per_epoch: 2, batch_size: 20, warmup_steps: 2}
  judge:
    system: {kind: classifier, modality: image}
    training: {epochs: 1, steps_per_epoch: 2, batch_size: 20, warmup_steps: 1}
judges: {image: judge}
links:
  awgn: {kind: awgn}
  pool: {kind: ofdm, model: CDL-C, pool_size: 4}
curves:
  - {label: clean, model: main, link: awgn}
  - {label: pool, model: main, link: pool}
evaluation: {snr_db: [0, 5, 10], batch_size: 50, max_mc_iter: 4, seeds: [0, 1]}
"""


def _start(folder: Path, out: str, *options: str) -> subprocess.Popen[str]:
    study = folder / "shared.yaml"
    study.write_text(STUDY)
    command = [sys.executable, "-m", "sionna_semcom", "run", str(study), "--out", str(folder / out)]
    return subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def _finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=1800)
    assert process.returncode == 0, output
    return output


def _lines(folder: Path) -> int:
    partial = folder / "shared.partial.jsonl"
    return partial.read_bytes().count(b"\n") if partial.exists() else 0


def _await_lines(process: subprocess.Popen[str], folder: Path, number: int) -> None:
    while _lines(folder) < number:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def _workers(process: subprocess.Popen[str]) -> list[int]:
    """Worker processes that a run has started."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    children = [pid for each in threads for pid in (each / "children").read_text().split()]
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, command in commands.items() if b"spawn_main" in command]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    _finish(_start(folder, "out"))
    return (folder / "out/shared.h5").read_bytes()


def test_two_workers_one_of_which_is_killed(tmp_path, whole):
    process = _start(tmp_path, "out", "--workers", "2")
    _await_lines(process, tmp_path / "out", 4)
    os.kill(_workers(process)[0], signal.SIGKILL)
    output = _finish(process)
    assert "Dashboard: http://" in output
    assert "WARNING" not in output
    assert (tmp_path / "out/shared.h5").read_bytes() == whole
    assert not list((tmp_path / "out").glob("*.lock"))


@pytest.mark.slow
def test_the_client_is_killed_and_one_worker_goes_on(tmp_path, whole):
    process = _start(tmp_path, "out", "--workers", "2")
    _await_lines(process, tmp_path / "out", 3)
    workers = _workers(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    output = _finish(_start(tmp_path, "out", "--workers", "1"))
    assert "Resuming after" in output
    assert (tmp_path / "out/shared.h5").read_bytes() == whole
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]  # none is left behind


@pytest.mark.slow
def test_jobs_of_slurm(tmp_path, whole):
    """Skipped if Debian's Slurm cannot be started; see ``tests/slurm/start``."""
    scripts = Path(__file__).parents[1] / "slurm"
    slurm = Path(tempfile.mkdtemp())  # munge wants a path that all may enter
    slurm.chmod(0o755)
    started = subprocess.run([scripts / "start", slurm], capture_output=True)
    if started.returncode:
        pytest.skip(started.stderr.decode(errors="replace"))
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text(
        "{kind: slurm, jobs: 2, cores: 1, memory: 2 GB, interface: lo, gpu: true, "
        f"local_directory: {tmp_path}, log_directory: {tmp_path}}}"
    )
    os.environ["SLURM_CONF"] = str(slurm / "slurm.conf")
    try:
        _finish(_start(tmp_path, "out", "--cluster", str(cluster)))
    finally:
        del os.environ["SLURM_CONF"]
        subprocess.run([scripts / "stop", slurm], check=True)
        shutil.rmtree(slurm)
    assert (tmp_path / "out/shared.h5").read_bytes() == whole
