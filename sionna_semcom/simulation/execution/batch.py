# SPDX-License-Identifier: Apache-2.0
"""Workers in jobs of a batch system (Slurm, PBS, LSF or SGE), started by dask-jobqueue."""

from __future__ import annotations

import contextlib
import inspect
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, PositiveInt, ValidationError

from ..._errors import reading
from ..._messages import listed, shortened
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
# Set by this module, or deprecated
_HELD = {"self", "scheduler", "loop", "asynchronous", "job_cls", "scheduler_cls", "n_workers"}
_OLD = {"extra", "job_extra", "env_extra", "header_skip", "dashboard_address", "host"}


class BatchSettings(Settings):
    """Jobs of a batch system, as in a cluster file of ``sionna-semcom run --cluster``.

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
    """Cores of a job; each core runs one worker with one thread"""
    memory: str
    """Memory of a job, such as 4 GB"""
    gpu: bool = False
    """Whether a job is one worker with a GPU. The GPU is requested with --gres=gpu:1 on Slurm, and
    with ``job_extra_directives`` or ``resource_spec`` on other systems."""

    def arguments(self) -> dict[str, Any]:
        """Arguments of the dask-jobqueue class.

        Raises
        ------
        ValueError
            If a key is unknown, or a job script cannot hold its value. The message names it.
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
        for name, value in further.items():
            _check(name, value)
        found = {"cores": self.cores, "memory": self.memory, "processes": self.cores, **further}
        if self.gpu:
            extra = [*found.get("worker_extra_args", []), "--resources", "GPU=1"]
            found |= {"processes": 1, "worker_extra_args": extra}
            if self.kind == "slurm":
                directives = found.get("job_extra_directives", [])
                found["job_extra_directives"] = [*directives, "--gres=gpu:1"]
        return found


def _check(name: str, value: Any) -> None:
    """Check a value, which dask-jobqueue writes into scripts unchecked."""
    if name == "walltime" and not isinstance(value, str | None):
        raise ValueError(
            "`walltime` must be in quotes, as YAML reads 12:00:00 as a number. "
            f"Received: {shortened(value, 60)}"
        )
    is_list = name.endswith(("directives", "args", "prologue", "skip"))
    lines = value if is_list and isinstance(value, list) else [value]
    if is_list and value is not lines:
        raise ValueError(f"`{name}` must be a list. Received: {shortened(value, 60)}")
    if is_list and not all(isinstance(line, str) for line in lines):
        raise ValueError(f"`{name}` must hold strings. Received: {shortened(value, 60)}")
    if name == "processes" and (type(value) is not int or value < 1):
        raise ValueError(f"`processes` must be a positive integer. Received: {value!r:.60}")
    for line in lines:
        known = isinstance(line, str | int) or (isinstance(line, float) and math.isfinite(line))
        if name == "scheduler_options" or line is None:
            continue
        if not known or (isinstance(line, str) and not line.replace("\t", " ").isprintable()):
            raise ValueError(
                f"`{name}` must be one line of text, or a number. Received: {shortened(line, 60)}"
            )


def load_batch_settings(path: str | os.PathLike[str]) -> BatchSettings:
    """Read a cluster file.

    Raises
    ------
    FileNotFoundError
        If the file does not exist
    ValueError
        If the file is not valid YAML, or a key is unknown or invalid. The message names the key.
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
    """Script of a job, in which SCHEDULER is a placeholder for the address of the scheduler.

    Raises
    ------
    ValueError
        If dask-jobqueue rejects a setting
    """
    names = inspect.signature(JobQueueCluster.__init__).parameters
    arguments = {
        name: value
        for name, value in settings.arguments().items()
        if name not in names or name in ("interface", "protocol")
    }
    with _making("script"):
        job = _CLUSTERS[settings.kind].job_cls("tcp://SCHEDULER", name="worker", **arguments)
        return str(job.job_script())


@contextlib.contextmanager
def _making(what: str) -> Iterator[None]:
    """Report errors of dask-jobqueue, for example an unknown network interface."""
    try:
        yield
    except (RuntimeError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise ValueError(f"The {what} of the jobs cannot be created: {error}") from error


@contextlib.contextmanager
def batch_client(settings: BatchSettings, announce: Callable[[str], None]) -> Iterator[Client]:
    """Yield a client whose workers are jobs, after the first job has started.

    Parameters
    ----------
    settings : :class:`BatchSettings`
        The jobs
    announce : callable
        Called with a line of text, because jobs may wait for hours

    Raises
    ------
    ConnectionError
        If the batch system rejects a job. The message contains its error.
    """
    be_quiet()
    refusals: list[Exception] = []
    options = {"scheduler_options": {"dashboard_address": ":0"}, **settings.arguments()}
    job_class = _reporting(_CLUSTERS[settings.kind].job_cls, refusals)
    with _making("cluster"):
        cluster = _CLUSTERS[settings.kind](job_cls=job_class, **options)
    with cluster, distributed.Client(cluster) as client:
        # unlike `scale`, replaces jobs that have ended, for example at their time limit
        cluster.adapt(minimum_jobs=settings.jobs, maximum_jobs=settings.jobs)
        announce(f"Waiting for the first of {settings.jobs} jobs of {settings.kind}")
        while not workers_of(client):
            with contextlib.suppress(TimeoutError):
                client.wait_for_workers(1, timeout=1)
            if refusals:
                raise ConnectionError(f"{settings.kind} rejected a job: {refusals[0]}")
        yield client


def _reporting(job_class: Any, refusals: list[Exception]) -> Any:
    """Class of jobs that stores submission errors, which dask-jobqueue only logs."""

    class Reporting(job_class):
        async def start(self) -> None:
            try:
                await super().start()
            except Exception as error:
                refusals.append(error)
                self.status = Status.failed
                raise

    return Reporting
