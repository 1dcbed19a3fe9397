# SPDX-License-Identifier: Apache-2.0
"""Dask clusters: processes of this machine, an address, or jobs of a batch system."""

from __future__ import annotations

import contextlib
import inspect
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._errors import reading
from ..._messages import listed, shortened
from ..._yaml import load_yaml

try:
    import dask_jobqueue
    import distributed
except ImportError as error:
    raise ModuleNotFoundError(
        f"{error}. Runs on several workers need Dask: pip install 'sionna-semcom[distributed]'"
    ) from error

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy import Cluster

_KINDS = {
    "slurm": dask_jobqueue.SLURMCluster,
    "pbs": dask_jobqueue.PBSCluster,
    "lsf": dask_jobqueue.LSFCluster,
    "sge": dask_jobqueue.SGECluster,
}
_OWN = ("kind", "jobs", "gpus")
_HELD = ("self", "scheduler", "loop", "asynchronous", "job_cls", "n_workers", "scheduler_cls")
_TIMEOUT = 10  # seconds
_ONE_THREAD = {"TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


@contextlib.contextmanager
def local_client(num_workers: int, gpus: int = 0) -> Iterator[Client]:
    """Give a client of worker processes on this machine, of one thread each.

    Parameters
    ----------
    num_workers : `int`
        Number of workers
    gpus : `int`
        Number of GPUs of this machine; workers take turns at them, and see one each

    Raises
    ------
    ValueError
        If there is no worker
    """
    if num_workers < 1:
        raise ValueError(f"There must be at least one worker. Received: {num_workers}")
    _be_quiet()
    options = {"threads_per_worker": 1, "silence_logs": logging.CRITICAL, "env": _ONE_THREAD}
    with distributed.LocalCluster(
        n_workers=0 if gpus else num_workers, dashboard_address="127.0.0.1:0", **options
    ) as cluster:
        for number in range(num_workers if gpus else 0):
            seen = {"env": {**_ONE_THREAD, "CUDA_VISIBLE_DEVICES": str(number % gpus)}}
            worker = {**cluster.new_spec["options"], **seen, "resources": {"GPU": 1}}
            cluster.new_spec = {**cluster.new_spec, "options": worker}
            cluster.scale(number + 1)
        with distributed.Client(cluster) as client:
            yield client


@contextlib.contextmanager
def client_at(address: str) -> Iterator[Client]:
    """Give a client of the scheduler at an address.

    Raises
    ------
    ConnectionError
        If nobody answers
    """
    _be_quiet()
    try:
        client = distributed.Client(address, timeout=_TIMEOUT)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConnectionError(f"No Dask scheduler answers at {shortened(address)}") from error
    with client:
        yield client


@contextlib.contextmanager
def batch_client(path: str | os.PathLike[str]) -> Iterator[Client]:
    """Give a client of workers that are jobs of a batch system; see :func:`batch_cluster`."""
    with batch_cluster(path) as (cluster, jobs):
        cluster.scale(jobs=jobs)
        with distributed.Client(cluster) as client:
            yield client


def job_script(path: str | os.PathLike[str]) -> str:
    """The script that each job of a file of :func:`batch_cluster` runs."""
    with batch_cluster(path) as (cluster, _):
        return str(cluster.job_script())


@contextlib.contextmanager
def batch_cluster(path: str | os.PathLike[str]) -> Iterator[tuple[Cluster, int]]:
    """Give a cluster of dask-jobqueue without workers, and the number of its jobs.

    Parameters
    ----------
    path : `str` or `PathLike`
        YAML file with the ``kind`` ("slurm", "pbs", "lsf" or "sge"), the number of ``jobs`` (one by
        default), the number of ``gpus`` of each worker (none by default, or one), and arguments of
        the class of dask-jobqueue, of which ``cores`` and ``memory`` are needed

    Raises
    ------
    FileNotFoundError
        If there is no such file
    ValueError
        If the file is no YAML, or a key or value is impossible, naming it
    """
    _be_quiet()
    document = _read(path)
    kind, jobs, gpus = document.pop("kind"), document.pop("jobs"), document.pop("gpus")
    if gpus:
        extra = [*document.get("worker_extra_args", []), "--resources", "GPU=1"]
        document |= {"processes": 1, "worker_extra_args": extra}
        if kind == "slurm":
            directives = document.get("job_extra_directives", [])
            document["job_extra_directives"] = [*directives, "--gres=gpu:1"]
    document.setdefault("processes", document.get("cores"))  # of one thread each
    try:
        cluster = _KINDS[kind](**document)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
    with cluster:
        yield cluster, jobs


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The document of a cluster file, with what it does not say."""
    with reading(path, "cluster file"):
        text = Path(path).read_text(encoding="utf-8")
    found = load_yaml(text, os.fspath(path))
    if not isinstance(found, Mapping) or found.get("kind") not in _KINDS:
        received = found.get("kind") if isinstance(found, Mapping) else found
        raise ValueError(
            f"{path}: `kind` must be one of {', '.join(_KINDS)}. Received: {shortened(received)}"
        )
    cluster = _KINDS[found["kind"]]
    classes = (cluster, cluster.job_cls, dask_jobqueue.core.Job)
    known = dict.fromkeys(
        name for each in classes for name in inspect.signature(each.__init__).parameters
    )
    allowed = [*_OWN, *(n for n in known if n not in _HELD and not n.endswith("kwargs"))]
    if unknown := [key for key in found if key not in allowed]:
        raise ValueError(
            f"{path}: unknown keys {listed(unknown)}. Known are {listed(allowed, len(allowed))}"
        )
    for name, least in (("jobs", 1), ("gpus", 0)):
        value = found.get(name, least)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{path}: `{name}` must be at least {least}. Received: {value!r:.60}")
    return {"jobs": 1, "gpus": 0, **found}


def _be_quiet() -> None:
    """Leave messages to the caller: Dask logs what it goes on from."""
    for name in ("distributed", "distributed.worker", "distributed.scheduler", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
