# SPDX-License-Identifier: Apache-2.0
"""Tasks on a Dask cluster: values, failures, and the loss of workers and schedulers."""

import os
import random
import signal
import sys
import threading
import time

import cloudpickle
import pytest

from sionna_semcom.simulation.execution import clusters, dask_executor
from sionna_semcom.simulation.execution.dask_executor import DaskExecutor
from sionna_semcom.simulation.execution.tasks import LocalExecutor, Task

cloudpickle.register_pickle_by_value(sys.modules[__name__])

# Clients of a lost scheduler leave coroutines that are never awaited
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Context:
    """Computes with numbers, and records the process."""

    def __init__(self):
        self.calls = 0

    def square(self, number, report):
        report(f"square {number}")
        return number**2

    def total(self, offset, *values, report):
        report(("total", float("inf"), len(values), None))
        return offset + sum(values)

    def fail(self, report):
        raise ValueError("`number` must be even. Received: 3")

    def slow(self, folder, number, report):
        (folder / f"{number}-{os.getpid()}-{time.time_ns()}").touch()
        time.sleep(0.3 + 0.15 * (number >= 6))  # so that two workers do not end at once
        return number

    def dies(self, report):
        os.kill(os.getpid(), signal.SIGKILL)

    def draws(self, report):
        """Whether other threads of the worker use Python's generator."""
        random.seed(5)
        state = random.getstate()
        time.sleep(3)
        return random.getstate() != state

    def overlap(self, number, report):
        """Number of tasks that this process computes at the same time."""
        self.calls += 1
        time.sleep(0.02)
        found, self.calls = self.calls, self.calls - 1
        return found


@pytest.fixture(scope="module", autouse=True)
def workers_without_tensorflow(tmp_path_factory):
    """Workers of this file only compute with numbers. Empty modules spare them the real ones."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "sionna").mkdir()
    for name in ("sionna/__init__.py", "sionna/phy.py", "tensorflow.py"):
        (folder / name).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)  # which worker processes inherit
        yield


@pytest.fixture(scope="module", params=[2])
def client(request):
    with clusters.local_client(request.param) as client:
        yield client


def _run(executor, tasks, after=lambda task, value: ()):
    values, reports = {}, []

    def done(task, value):
        assert task.key not in values
        values[task.key] = value
        return after(task, value)

    executor.run(tasks, done, reports.append)
    return values, reports


def _squares(count):
    return [Task("square", n, (n,), needed=True, place=n / count) for n in range(count)]


def _then_totals(task, value):
    """Submit the sum of three squares when they are known, and nothing after the sum."""
    if task.kind == "square" and task.key == 2:
        yield Task("total", "sum", (100,), (0, 1, 2))


@pytest.mark.parametrize("remote", [False, True])
def test_values_of_tasks_are_arguments_of_others(client, remote):
    executor = DaskExecutor(client, Context, print) if remote else LocalExecutor(Context())
    assert executor.remote is remote
    values, reports = _run(executor, _squares(4), _then_totals)
    assert values == {0: 0, 1: 1, 2: 4, 3: 9, "sum": 105}
    if not remote:
        assert reports[:1] == ["square 0"]
        assert reports[-1] == ("total", float("inf"), 3, None)


def test_a_failure_is_that_of_the_worker(client):
    tasks = [Task("fail", "f"), *_squares(50)]
    with pytest.raises(ValueError, match=r"`number` must be even\. Received: 3"):
        _run(DaskExecutor(client, Context, print), tasks)
    values, _ = _run(DaskExecutor(client, Context, print), _squares(3))  # workers still work
    assert values == {0: 0, 1: 1, 2: 4}


def test_progress_of_workers_arrives(client):
    tasks = [Task("square", n, (n,)) for n in range(3)]
    seen = threading.Event()
    executor = DaskExecutor(client, Context, print)
    executor.run(tasks, lambda task, value: time.sleep(0.2) or (), lambda message: seen.set())
    assert seen.wait(5)


def test_a_killed_worker_loses_its_running_task_only(client, tmp_path):
    tasks = [Task("slow", n, (tmp_path, n), place=n / 12) for n in range(12)]
    killed = []

    def kill_one(task, value):
        if not killed:
            running = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            killed.append(int(running.name.split("-")[1]))
            os.kill(killed[0], signal.SIGKILL)
        return ()

    values, _ = _run(DaskExecutor(client, Context, print), tasks, kill_one)
    assert values == {n: n for n in range(12)}
    started = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert len(started) <= 13


def test_a_task_that_kills_its_workers_ends_in_one_line(client):
    with pytest.raises(ConnectionError, match="Workers died repeatedly"):
        _run(DaskExecutor(client, Context, print), [Task("dies", "d")])


def test_nothing_else_draws_from_the_generator_of_a_study(client):
    """Dask samples containers to estimate their size. Initial weights use Python's generator."""
    values, _ = _run(DaskExecutor(client, Context, print), [Task("draws", "d")])
    assert values == {"d": False}


def test_threads_of_a_worker_take_turns():
    """All threads of a process share its random generators."""
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=4, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        tasks = [Task("overlap", n, (n,)) for n in range(8)]
        values, _ = _run(DaskExecutor(client, Context, print), tasks)
    assert set(values.values()) == {1}


def test_a_lost_scheduler_ends_in_one_line(tmp_path):
    with clusters.local_client(1) as client:
        tasks = [Task("slow", n, (tmp_path, n)) for n in range(20)]

        def close(task, value):
            client.cluster.close()
            return ()

        with pytest.raises(ConnectionError, match="connection to the Dask scheduler is lost"):
            _run(DaskExecutor(client, Context, print), tasks, close)


def test_a_run_says_when_its_last_worker_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "_LOOK_EVERY", 0.1)
    said = []

    with clusters.local_client(1) as client:

        def announce(text):
            said.append(text)
            client.cluster.scale(1)

        def stop(task, value):
            if task.key == 0:
                client.cluster.scale(0)
            return ()

        tasks = [Task("slow", n, (tmp_path, n)) for n in range(4)]
        values, _ = _run(DaskExecutor(client, Context, announce), tasks, stop)
    assert values == {n: n for n in range(4)}
    assert said == ["No workers are left: waiting for new ones"]


def test_an_address_that_nobody_answers_is_named(monkeypatch):
    monkeypatch.setattr(clusters, "_TIMEOUT", 0.5)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        with (
            pytest.raises(ConnectionError, match=f"No Dask scheduler answers at '{address}'"),
            clusters.client_at(address),
        ):
            pass


def test_workers_are_counted_from_one():
    with (
        pytest.raises(ValueError, match=r"at least one worker\. Received: 0"),
        clusters.local_client(0),
    ):
        pass
