# SPDX-License-Identifier: Apache-2.0
"""Conversion of cluster files to arguments of dask-jobqueue."""

import pytest

from sionna_semcom.simulation.execution.batch import BatchSettings, job_script

COMMON = {"cores": 4, "memory": "8 GB"}


def test_each_core_has_a_worker_of_its_own():
    found = BatchSettings(kind="slurm", **COMMON, queue="main").arguments()
    assert found == {**COMMON, "processes": 4, "queue": "main"}
    assert BatchSettings(kind="slurm", **COMMON, processes=2).arguments()["processes"] == 2


@pytest.mark.parametrize("kind", ["slurm", "pbs", "lsf", "sge"])
def test_a_worker_with_a_gpu_says_so(kind):
    settings = BatchSettings(kind=kind, **COMMON, gpu=True, job_extra_directives=["-x"])
    found = settings.arguments()
    assert found["processes"] == 1
    assert found["worker_extra_args"] == ["--resources", "GPU=1"]
    expected = ["-x", "--gres=gpu:1"] if kind == "slurm" else ["-x"]
    assert found["job_extra_directives"] == expected


def test_the_script_is_that_of_the_batch_system(tmp_path):
    extra = {"log_directory": str(tmp_path), "interface": "lo", "account": "me"}
    script = job_script(BatchSettings(kind="slurm", **COMMON, gpu=True, **extra))
    for part in ("#SBATCH -A me", "#SBATCH --gres=gpu:1", "--resources GPU=1", "--interface lo"):
        assert part in script
    assert "#SBATCH --cpus-per-task=4" in script
