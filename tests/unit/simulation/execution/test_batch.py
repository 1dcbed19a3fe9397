# SPDX-License-Identifier: Apache-2.0
"""Conversion of cluster files to arguments of dask-jobqueue."""

import pytest

from sionna_semcom.simulation.execution.batch import BatchSettings, job_script, load_batch_settings

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


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("walltime", 43200, "`walltime` must be in quotes, as YAML reads 12:00:00 as a n.*43200"),
        ("queue", "a\nrm -r x", "`queue` must be one line of text.*Received: 'a.*rm -r x'"),
        ("account", float("nan"), "`account` must be one line of text, or a number.*nan"),
        ("queue", {"a": 1}, "`queue` must be one line of text"),
        ("job_extra_directives", ["-x", 1], "must hold strings. Received: .'-x', 1"),
        ("job_script_prologue", "module", "must be a list. Received: 'module'"),
        ("processes", 0, "`processes` must be a positive integer. Received: 0"),
    ],
)
def test_what_a_script_cannot_hold_is_refused(key, value, message):
    with pytest.raises(ValueError, match=message):
        BatchSettings(kind="slurm", **COMMON, **{key: value}).arguments()


def test_a_time_that_yaml_reads_as_a_number_is_no_number_of_minutes(tmp_path):
    """YAML 1.1 has numbers of base 60: 12:00:00 would be 30 days of Slurm."""
    path = tmp_path / "c.yaml"
    path.write_text("{kind: slurm, cores: 1, memory: 1 GB, walltime: 12:00:00}")
    with pytest.raises(ValueError, match=r"c.yaml: `walltime` must be in quotes.*43200"):
        load_batch_settings(path)
    path.write_text("{kind: slurm, cores: 1, memory: 1 GB, walltime: null}")
    assert load_batch_settings(path).arguments()["cores"] == 1
    path.write_text("{kind: slurm, cores: 1, memory: 1 GB, walltime: '12:00:00'}")
    assert "#SBATCH -t 12:00:00\n" in job_script(load_batch_settings(path))


@pytest.mark.parametrize("changes", [{"memory": "-4 GB"}, {"memory": "x"}, {"job_cpu": "x"}])
def test_jobs_that_cannot_be_created_say_so_in_one_line(changes):
    settings = BatchSettings(kind="slurm", **{**COMMON, **changes})
    with pytest.raises(ValueError, match="The script of the jobs cannot be created: "):
        job_script(settings)
