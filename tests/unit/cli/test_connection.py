# SPDX-License-Identifier: Apache-2.0
"""Options of the execution of a study: workers, scheduler and cluster."""

import itertools

import pytest
from typer.testing import CliRunner

from sionna_semcom.cli.app import app

from ..simulation.studies.tiny_study import write as write

pytest.importorskip("dask_jobqueue", reason="needs the extra `distributed`")


def _lines(*arguments):
    ended = CliRunner().invoke(app, list(map(str, arguments)))
    assert ended.exit_code in (0, 2), ended.exception
    return ended.output.splitlines()


def _pairs(line):
    return itertools.pairwise(line.split())


def test_only_one_place_can_be_named(write, tmp_path):
    options = ("--workers", 2, "--scheduler", "tcp://127.0.0.1:1", "--out", tmp_path)
    *_, line = _lines("run", write(), *options)
    assert line == "Error: --workers and --scheduler exclude each other"


def test_there_is_at_least_one_worker(write, tmp_path):
    *_, line = _lines("run", write(), "--workers", 0, "--out", tmp_path)
    assert line == "Error: There must be at least one worker. Received: 0"


def test_the_script_of_a_job_is_shown(write, tmp_path):
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text("{kind: pbs, cores: 2, memory: 3 GB, queue: short, walltime: '01:00:00'}")
    lines = _lines("run", write(), "--cluster", cluster, "--dry-run", "--out", tmp_path / "out")
    assert "#PBS -q short" in lines
    (worker,) = [line for line in lines if "tcp://SCHEDULER" in line]
    assert {"--nworkers 2", "--nthreads 1"} <= set(map(" ".join, _pairs(worker)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No cluster file"),
        ("kind: slurm", "cores is missing"),
        ("{kind: condor, cores: 1, memory: 1 GB}", "kind: Input should be 'slurm', 'pbs'"),
        ("{kind: lsf, cores: 1, memory: 1 GB, nodes: 2}", "unknown keys nodes"),
        ("{kind: sge, cores: 1, memory: 1 GB, jobs: 0}", "jobs"),
        ("{kind: slurm, cores: 1, memory: 1 GB, job_extra: [x]}", "unknown keys job_extra"),
        (
            "{kind: slurm, cores: 1, memory: 1 GB, worker_extra_args: --x}",
            "`worker_extra_args` must be a list. Received: '--x'",
        ),
        ("- a", "Input should be a valid dictionary"),
        ("{", "cluster.yaml"),
    ],
)
def test_cluster_files_that_are_wrong_end_in_one_line(write, tmp_path, text, message):
    cluster = tmp_path / "cluster.yaml"
    if text is not None:
        cluster.write_text(text)
    *_, line = _lines("run", write(), "--cluster", cluster, "--out", tmp_path / "out")
    assert line.startswith("Error: ")
    assert message in line


def test_a_script_needs_a_cluster(write):
    *_, line = _lines("run", write(), "--dry-run")
    assert line == "Error: --dry-run needs --cluster, because it shows the script of a job"


def test_jobs_are_asked_for_only_with_a_study_that_was_read(write, tmp_path):
    cluster = tmp_path / "cluster.yaml"
    cluster.write_text("kind: condor")
    wrong = ("--set", "evaluation.snr_db=loud")
    *_, line = _lines("run", write(), "--cluster", cluster, "--out", tmp_path / "out", *wrong)
    assert "evaluation.snr_db" in line
    assert "condor" not in line
