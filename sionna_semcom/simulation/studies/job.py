# SPDX-License-Identifier: Apache-2.0
"""What another process needs to compute parts of a study."""

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
    """A study with all that must be the same in every process that computes parts of it.

    Parameters
    ----------
    study : :class:`~sionna_semcom.simulation.Study`
        The study
    folders : `tuple` of `Path`
        Folders with trained models
    work_dir : `Path`
        Folder that keeps what is trained, if the other process can write it
    checksums, versions : `dict` of `str`
        Of data and files of channels, and of Python and packages
    threads : `int`
        Threads of each operation of TensorFlow
    data_dir : `str` | `None`
        Folder of the data, if the other process knows none
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
        """What has to be the same as ``here``."""
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
        """Make a workspace in another process.

        Raises
        ------
        ValueError
            If versions, threads or data differ, naming both
        """
        _compare("versions", self.versions, package_versions())
        threads = prefer_threads(self.threads)
        if threads != self.threads:
            raise ValueError(
                f"A worker computes each operation of TensorFlow in {threads} threads, and the run "
                f"in {self.threads}, which rounds otherwise: start a new worker"
            )
        if self.data_dir is not None:
            os.environ.setdefault(DATA_VARIABLE, self.data_dir)
        models = ModelStore(self.folders, self._writable())
        threadpool_limits(self.threads)
        data = self.study.load_data(models)
        there = Workspace(self.study, data, models)
        found = data.checksums
        if set(self.checksums) - set(found):  # which takes building the links
            found = {**found, **there.channel_files()}
        _compare("data", self.checksums, found)
        return there

    def _writable(self) -> Path:
        try:
            self.work_dir.mkdir(parents=True, exist_ok=True)
            check_folder(self.work_dir)
        except OSError:  # it is no folder of this machine
            folder = tempfile.mkdtemp(prefix="sionna-semcom-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return Path(folder)
        return self.work_dir


def _compare(what: str, run: Mapping[str, str], worker: Mapping[str, str]) -> None:
    differing = [
        f"{name} {worker.get(name, 'none')[:16]} in place of {run.get(name, 'none')[:16]}"
        for name in dict.fromkeys([*run, *worker])
        if run.get(name) != worker.get(name)
    ]
    if differing:
        raise ValueError(f"A worker has other {what} than the run: {listed(differing, 4)}")
