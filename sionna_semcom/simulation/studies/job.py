# SPDX-License-Identifier: Apache-2.0
"""Description of a study for worker processes."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from ..._files import check_folder
from ..._messages import listed
from ...datasets.folder import DATA_VARIABLE
from ..results.result import package_versions
from ..training.store import ModelStore
from ..training.threads import prefer_threads
from .study import Study
from .workspace import Workspace


@dataclass(frozen=True)
class Job:
    """A study and all conditions that must be equal in the processes that compute it.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        The study
    folders : `tuple` of `Path`
        Folders with trained models
    work_dir : `Path`
        Folder of newly trained models, if the other process can write to it
    checksums : `dict` of `str`
        SHA-256 of the data and channel files
    versions : `dict` of `str`
        Versions of Python and packages
    threads : `int`
        Number of threads per TensorFlow operation
    data_dir : `str` | `None`
        Folder of the data, used if the other process has no such setting
    """

    study: Study
    folders: tuple[Path, ...]
    work_dir: Path
    checksums: Mapping[str, str]
    versions: Mapping[str, str]
    threads: int
    data_dir: str | None

    @classmethod
    def of(cls, here: Workspace, threads: int) -> Job:
        """Describe the study of the workspace ``here``."""
        folders = tuple(folder.resolve() for folder in here.models.folders)
        return cls(
            here.study,
            folders,
            here.models.work_dir.resolve(),
            {**here.data.checksums, **here.channel_files()},
            package_versions(),
            threads,
            os.environ.get(DATA_VARIABLE),
        )

    def open(self) -> Workspace:
        """Create a workspace in another process.

        Raises
        ------
        ValueError
            If versions, threads or data differ. The message contains both values.
        """
        _compare("versions", self.versions, package_versions())
        threads = prefer_threads(self.threads)
        if threads != self.threads:
            raise ValueError(
                f"A worker runs each TensorFlow operation in {threads} threads, and the run in "
                f"{self.threads}, which changes the rounding: start a new worker"
            )
        if self.data_dir is not None:
            os.environ.setdefault(DATA_VARIABLE, self.data_dir)
        models = ModelStore(self.folders, self._writable())
        threadpool_limits(self.threads)
        data = self.study.load_data(models)
        there = Workspace(self.study, data, models)
        found = data.checksums
        if set(self.checksums) - set(found):  # requires building the links
            found = {**found, **there.channel_files()}
        _compare("data", self.checksums, found)
        return there

    def _writable(self) -> Path:
        try:
            self.work_dir.mkdir(parents=True, exist_ok=True)
            check_folder(self.work_dir)
        except OSError:  # the folder does not exist on this machine
            folder = tempfile.mkdtemp(prefix="sionna-semcom-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return Path(folder)
        return self.work_dir


def _compare(what: str, run: Mapping[str, str], worker: Mapping[str, str]) -> None:
    differing = [
        f"{name} {worker.get(name, 'none')[:16]} instead of {run.get(name, 'none')[:16]}"
        for name in dict.fromkeys([*run, *worker])
        if run.get(name) != worker.get(name)
    ]
    if differing:
        raise ValueError(
            f"The {what} of a worker differ from those of the run: {listed(differing, 4)}"
        )
