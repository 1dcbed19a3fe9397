# SPDX-License-Identifier: Apache-2.0
"""Workers that are jobs of a batch system: Slurm, PBS, LSF or SGE, by dask-jobqueue."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, PositiveInt, ValidationError

from ..._errors import reading
from ..._messages import listed
from ..._parts import Settings
from ..._parts.explanation import explain
from ..._yaml import load_yaml
from .clusters import be_quiet, workers_of

try:
    import dask_jobqueue
    import distributed
    from dask_jobqueue.core import Job, JobQueueCluster
    from distributed.core import Status
except ImportError as error:
    raise ModuleNotFoundError(
        "Jobs of a batch system need dask-jobqueue: pip install 'sionna-semcom[distributed]'"
    ) from error

if TYPE_CHECKING:
    from distributed import Client

_CLUSTERS: dict[str, Any] = {
    "slurm": dask_jobqueue.SLURMCluster,
    "pbs": dask_jobqueue.PBSCluster,
    "lsf": dask_jobqueue.LSFCluster,
    "sge": dask_jobqueue.SGECluster,
}
# Set here, or no longer to be used
_HELD = {"self", "scheduler", "loop", "asynchronous", "job_cls", "scheduler_cls", "n_workers"}
_OLD = {"extra", "job_extra", "env_extra", "header_skip", "dashboard_address", "host"}


class BatchSettings(Settings):
    """Jobs of a batch system, as in a file of ``sionna-semcom run --cluster``.

    Further keys are arguments of the class of dask-jobqueue for the ``kind``, such as ``queue``,
    ``account``, ``walltime``, ``interface``, ``local_directory``, ``log_directory``,
    ``job_script_prologue`` and ``job_extra_directives``.
    """

    model_config = ConfigDict(extra="allow")

    kind: Literal["slurm", "pbs", "lsf", "sge"]
    """The batch system"""
    jobs: PositiveInt = 1
    """Number of jobs"""
    cores: PositiveInt
    """Cores of a job; each has a worker of its own, of one thread"""
    memory: str
    """Memory of a job, such as 4 GB"""
    gpu: bool = False
    """Whether a job is one worker with a GPU. Slurm is asked for it with --gres=gpu:1, others by
    what ``job_extra_directives`` or ``resource_spec`` say"""

    def arguments(self) -> dict[str, Any]:
        """Arguments of the class of dask-jobqueue.

        Raises
        ------
        ValueError
            If a key is unknown, naming it
        """
        cluster = _CLUSTERS[self.kind]
        known = dict.fromkeys(
            name
            for each in (JobQueueCluster, Job, cluster.job_cls)
            for name, parameter in inspect.signature(each.__init__).parameters.items()
            if parameter.kind != parameter.VAR_KEYWORD and name not in _HELD | _OLD
        )
        further = self.model_extra or {}
        if unknown := [name for name in further if name not in known]:
            raise ValueError(
                f"unknown keys {listed(unknown)}. dask-jobqueue knows {listed(known, len(known))}"
            )
        lists = [name for name in further if name.endswith(("directives", "args", "prologue"))]
        for name in lists:
            if not isinstance(further[name], list):
                raise ValueError(f"`{name}` must be a list. Received: {further[name]!r:.60}")
        found = {"cores": self.cores, "memory": self.memory, "processes": self.cores, **further}
        if self.gpu:
            extra = [*found.get("worker_extra_args", []), "--resources", "GPU=1"]
            found |= {"processes": 1, "worker_extra_args": extra}
            if self.kind == "slurm":
                directives = found.get("job_extra_directives", [])
                found["job_extra_directives"] = [*directives, "--gres=gpu:1"]
        return found


def load_batch_settings(path: str | os.PathLike[str]) -> BatchSettings:
    """Read a cluster file.

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is no YAML, or a key is unknown or impossible, naming it
    """
    with reading(path, "cluster file"):
        text = Path(path).read_text(encoding="utf-8")
    document = load_yaml(text, os.fspath(path))
    try:
        settings = BatchSettings.model_validate(document)
        settings.arguments()
    except ValidationError as error:
        raise ValueError(f"{path}: {explain(error, document, BatchSettings)}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return settings


def job_script(settings: BatchSettings) -> str:
    """The script that a job runs, with SCHEDULER in place of the address of the scheduler."""
    names = inspect.signature(JobQueueCluster.__init__).parameters
    arguments = {
        name: value
        for name, value in settings.arguments().items()
        if name not in names or name in ("interface", "protocol")
    }
    job = _CLUSTERS[settings.kind].job_cls("tcp://SCHEDULER", name="worker", **arguments)
    return str(job.job_script())


@contextlib.contextmanager
def batch_client(settings: BatchSettings, announce: Callable[[str], None]) -> Iterator[Client]:
    """Give a client of workers that are jobs, once the first one has begun.

    Parameters
    ----------
    settings : :class:`BatchSettings`
        The jobs
    announce : callable
        Called with a line of text, as jobs may wait for hours

    Raises
    ------
    ConnectionError
        If the batch system refuses the jobs, with its words
    """
    be_quiet()
    refusals: list[Exception] = []
    options = {"scheduler_options": {"dashboard_address": ":0"}, **settings.arguments()}
    job_class = _reporting(_CLUSTERS[settings.kind].job_cls, refusals)
    try:
        cluster = _CLUSTERS[settings.kind](job_cls=job_class, **options)
    except (RuntimeError, TypeError) as error:  # such as an unknown interface
        raise ValueError(f"The cluster cannot be made: {error}") from error
    with cluster, distributed.Client(cluster) as client:
        # rather than `scale`, which replaces no job that has ended, as at the end of its walltime
        cluster.adapt(minimum_jobs=settings.jobs, maximum_jobs=settings.jobs)
        announce(f"Waiting for the first of {settings.jobs} jobs of {settings.kind}")
        while not workers_of(client):
            with contextlib.suppress(TimeoutError):
                client.wait_for_workers(1, timeout=1)
            if refusals:
                raise ConnectionError(f"{settings.kind} refused a job: {refusals[0]}")
        yield client


def _reporting(job_class: Any, refusals: list[Exception]) -> Any:
    """Jobs that tell why they cannot be submitted, which dask-jobqueue only logs."""

    class Reporting(job_class):
        async def start(self) -> None:
            try:
                await super().start()
            except Exception as error:
                refusals.append(error)
                self.status = Status.failed
                raise

    return Reporting
