# SPDX-License-Identifier: Apache-2.0
"""Execution of tasks by the workers of a Dask cluster."""

from __future__ import annotations

import itertools
import pickle
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar

import distributed
from distributed.diagnostics.plugin import WorkerPlugin

from .clusters import load_tensorflow, workers_of
from .tasks import Done, Report, Task

if TYPE_CHECKING:
    from distributed import Client, Future

_REPORT_EVERY = 0.5  # seconds
_LOOK_EVERY = 5.0
_GPU = "GPU"
_LOST = (
    distributed.CancelledError,
    distributed.client.ClosedClientError,
    distributed.comm.CommClosedError,
)

_factories: dict[str, bytes] = {}
_contexts: dict[str, Any] = {}
_one_at_a_time = threading.Lock()


class _Provide(WorkerPlugin):
    """Worker plugin that stores the factory of the context, also on workers that join later."""

    def __init__(self, run: str, factory: bytes) -> None:
        self.name = f"sionna-semcom-{run}"
        self._run, self._factory = run, factory

    def setup(self, worker: Any) -> None:
        """Store the factory, and import TensorFlow without its messages."""
        _factories[self._run] = self._factory
        load_tensorflow()

    def teardown(self, worker: Any) -> None:
        """Remove the factory and the context."""
        _factories.pop(self._run, None)
        _contexts.pop(self._run, None)


class _Generator(random.Random):
    """Random generator with the interface of the module `random`, including the class."""

    Random = random.Random


def _draw_apart() -> None:
    """Give Dask its own random generator, because studies seed the generator of Python.

    Threads of a worker draw random samples of containers, for example to estimate their size.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed"):
            if getattr(module, "random", None) is random:
                module.random = _Generator()  # type: ignore[attr-defined]


def _compute(run: str, kind: str, *arguments: Any) -> Any:
    """Compute a task on a worker. Tasks run one at a time: threads share random generators."""
    worker, last = distributed.get_worker(), 0.0

    def report(message: str | tuple[Any, ...]) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= _REPORT_EVERY:
            last = now
            worker.log_event(run, message)

    with _one_at_a_time:
        _draw_apart()
        if run not in _contexts:
            _contexts.clear()  # release the data and graphs of an earlier study
            _contexts[run] = pickle.loads(_factories[run])()
        return getattr(_contexts[run], kind)(*arguments, report=report)


class DaskExecutor:
    """Executes tasks on the workers of a Dask cluster.

    Dask assigns tasks, moves values between workers, and recomputes values of lost workers. A
    worker with the resource ``GPU`` computes one task at a time. Without this resource, tasks run
    on any worker.

    Parameters
    ----------
    client : `distributed.Client`
        Client of the cluster
    factory : callable
        Creates the context in each worker. It is pickled.
    announce : callable
        Called with a line of text while the executor waits for workers
    """

    remote: ClassVar[bool] = True

    def __init__(
        self, client: Client, factory: Callable[[], Any], announce: Callable[[str], None]
    ) -> None:
        self._client, self._factory, self._announce = client, factory, announce
        self._run = uuid.uuid4().hex

    def run(self, tasks: Iterable[Task], done: Done, report: Report) -> None:
        """Compute ``tasks``, and further tasks that ``done`` returns for each finished task.

        Parameters
        ----------
        tasks : iterable of :class:`Task`
            First tasks
        done : callable
            Called with each finished task and its value. Returns further tasks.
        report : callable
            Called with the messages that tasks send

        Raises
        ------
        ValueError
            If a worker cannot import this package
        ConnectionError
            If the scheduler is lost, or workers die repeatedly during a task
        Exception
            Any exception that a task raises
        """
        try:
            with self._workers(report) as workers:
                self._run_on(workers, tasks, done)
        except distributed.scheduler.KilledWorker as error:
            raise ConnectionError(
                f"Workers died repeatedly, the last one {error.last_worker.address}: they "
                "may lack memory. Finished points are kept; repeat the command to resume"
            ) from error
        except _LOST as error:
            raise ConnectionError(
                "The connection to the Dask scheduler is lost. Finished points are kept; repeat "
                "the command to resume"
            ) from error

    def _run_on(self, workers: _Workers, tasks: Iterable[Task], done: Done) -> None:
        futures: dict[Any, Future] = {}
        pending: dict[Future, Task] = {}
        # Values are fetched immediately, so that they are not lost with a worker
        completed = distributed.as_completed(loop=self._client.loop, with_results=True)

        def submit(tasks: Iterable[Task]) -> None:
            new = []
            for task in tasks:
                futures[task.key] = future = workers.submit(
                    task, [futures[key] for key in task.needs]
                )
                pending[future] = task
                new.append(future)
            completed.update(new)

        submit(tasks)
        try:
            for future, value in completed:
                if isinstance(value, distributed.CancelledError):  # not raised
                    raise value
                task = pending.pop(future)
                submit(done(task, value))
                if not task.needed:
                    del futures[task.key]
        except BaseException:
            with suppress(*_LOST):
                self._client.cancel(list(pending), force=True)
            raise

    @contextmanager
    def _workers(self, report: Report) -> Iterator[_Workers]:
        """Workers that have the context of this run and report to this process."""
        client, run, ended = self._client, self._run, threading.Event()

        def receive(event: Any) -> None:
            if not ended.is_set():  # canceled tasks may still report
                report(event[1])

        try:
            self._provide()
            client.subscribe_topic(run, receive)
            if not self._has_workers():
                self._announce("Waiting for the first worker")
                client.wait_for_workers(1)
            threading.Thread(target=self._watch, args=(ended,), daemon=True).start()
            yield _Workers(client, run)
        finally:
            ended.set()
            if client.status == "running":
                with suppress(*_LOST):
                    client.unsubscribe_topic(run)
                    client.unregister_worker_plugin(f"sionna-semcom-{run}")

    def _watch(self, ended: threading.Event) -> None:
        """Announce the loss of the last worker, for example at the time limit of its job."""
        had_workers = True
        with suppress(*_LOST, OSError, RuntimeError):  # the run itself raises this error
            while not ended.wait(_LOOK_EVERY):
                has_workers = self._has_workers()
                if had_workers and not has_workers:
                    self._announce("No workers are left: waiting for new ones")
                had_workers = has_workers

    def _has_workers(self) -> bool:
        return bool(workers_of(self._client))

    def _provide(self) -> None:
        """Send the factory of the context to the workers."""
        try:
            self._client.register_plugin(_Provide(self._run, pickle.dumps(self._factory)))
        except Exception as error:  # Dask converts all exceptions of a worker to RuntimeError
            raise ValueError(f"A worker cannot import this package: {error}") from error


class _Workers:
    """Workers at the start of a run. Dask also moves tasks to workers that join later."""

    def __init__(self, client: Client, run: str) -> None:
        self._client, self._run = client, run
        known = workers_of(client)
        self._addresses = sorted(known)
        with_gpu = any(_GPU in each["resources"] for each in known.values())
        self._resources = {_GPU: 1} if with_gpu else None
        self._numbers = itertools.count()

    def submit(self, task: Task, needs: list[Future]) -> Future:
        """Submit a task with its preferred worker. Dask may choose another worker."""
        where: dict[str, Any] = {}
        # Dask ignores the resources of tasks with preferred workers
        if task.place is not None and self._resources is None:
            address = self._addresses[int(task.place * len(self._addresses))]
            where = {"workers": [address], "allow_other_workers": True}
        return self._client.submit(
            _compute,
            *(self._run, task.kind, *task.arguments, *needs),
            key=(f"{task.kind}-{self._run}", next(self._numbers)),
            resources=self._resources,
            **where,
        )
