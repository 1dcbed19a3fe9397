# SPDX-License-Identifier: Apache-2.0
"""Versions, threads and data of a worker must equal those of the run."""

import dataclasses
import pickle

import pytest

from sionna_semcom.simulation import ModelStore
from sionna_semcom.simulation.studies.job import Job
from sionna_semcom.simulation.studies.workspace import Workspace
from sionna_semcom.simulation.training.threads import intra_op_threads

from .noise_study import Numbers, _study
from .noise_study import noise as noise


@pytest.fixture
def job(tmp_path):
    here = Workspace(_study(), Numbers(), ModelStore([tmp_path / "given"], tmp_path / "work"))
    return Job.of(here, intra_op_threads())


def test_a_job_makes_a_workspace_elsewhere(job, tmp_path):
    there = pickle.loads(pickle.dumps(job)).open()
    assert there.study == job.study
    assert there.models.folders == (tmp_path / "given",)
    assert there.models.work_dir == tmp_path / "work"


def test_folders_do_not_depend_on_where_a_worker_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = Job.of(Workspace(_study(), Numbers(), ModelStore(["given"], "work")), 1)
    assert (job.folders, job.work_dir) == ((tmp_path / "given",), tmp_path / "work")


def test_a_worker_that_cannot_write_there_keeps_models_of_its_own(job, tmp_path):
    (tmp_path / "file").write_text("")
    there = dataclasses.replace(job, work_dir=tmp_path / "file/below").open()
    assert there.models.work_dir.is_dir()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"versions": {"numpy": "1.0"}},
            r"versions of a worker differ from those of the run: numpy \d.* instead of 1.0",
        ),
        (
            {"checksums": {"numbers": "abd"}},
            "data of a worker differ from those of the run: numbers abc instead of abd",
        ),
        (
            {"checksums": {}},
            "data of a worker differ from those of the run: numbers abc instead of none",
        ),
        ({"threads": 77}, "in [0-9]+ threads, and the run in 77"),
    ],
)
def test_what_differs_is_named_with_both(job, changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(job, **changes).open()
