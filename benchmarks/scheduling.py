# SPDX-License-Identifier: Apache-2.0
"""Cost of scheduling the points of a study, and scaling with the number of workers.

The points only sleep. They are submitted, gathered and written to the file of an interrupted run
as those of a study are (`DaskExecutor`, `Partial`).

- cost: time of a point beyond its sleep, with points that do not sleep on two worker processes;
- speedup: time of the study `centroid` with many batches on one worker process and on two, each of
  one thread, from the start of the command to its end, and whether the results are the same file;
- growth: ratio to the ideal time, and points per second, with up to 1,000 workers. A process holds
  up to 100 of them as threads, which the scheduler treats as separate workers. Their profilers and
  monitors are disabled. On a cluster, these use the CPU of the worker's machine.

    python benchmarks/scheduling.py [--points 10000] [--sleep 30] [--json scheduling.json]

Parts can be measured one at a time (``--parts growth``); the file keeps the others.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import distributed

from sionna_semcom._files import write_bytes
from sionna_semcom.simulation.execution import clusters, dask_executor
from sionna_semcom.simulation.execution.tasks import Task
from sionna_semcom.simulation.studies.partial import Partial

STUDY = Path(__file__).parents[1] / "link_sims" / "centroid.yaml"
TARGET = 20.0  # ms a point
WORKERS = (1, 10, 100, 300, 1000)
WORKERS_EACH = 100  # workers in a process
POINTS_EACH = 3
PARTS = ("cost", "speedup", "growth")
SLEEP = 10.0  # seconds; points of studies take from seconds to minutes
_MONITORS_OFF = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "60s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.worker-ttl": None,
}
_SPAWN = multiprocessing.get_context("spawn")
VALUES = {f"metric_{n}": (0.5, 0.4, 0.6, 4000, False) for n in range(8)}


class Sleeper:
    """Computes points that sleep."""

    def point(self, seconds: float, report: Any) -> dict[str, tuple[Any, ...]]:
        """Sleep."""
        time.sleep(seconds)
        return VALUES


def run(client: distributed.Client, count: int, sleep: float) -> float:
    """Seconds that ``count`` points take which sleep for ``sleep`` seconds each."""
    with tempfile.TemporaryDirectory() as folder:
        partial = Partial(Path(folder) / "sleep.partial.jsonl", "sleep")

        def done(task: Task, value: Any) -> tuple[()]:
            partial.put(f"sleep / {task.key} / 0.0", value)
            return ()

        tasks = [Task("point", n, (sleep,), place=n / count) for n in range(count)]
        start = time.perf_counter()
        dask_executor.DaskExecutor(client, Sleeper, print).run(tasks, done, lambda _: None)
        return time.perf_counter() - start


def cost(count: int) -> float:
    """Milliseconds a point costs beyond its sleep, on two worker processes."""
    with clusters.local_client(2) as client:
        run(client, 100, 0.0)
        return 1e3 * run(client, count, 0.0) / count


def speedup(batches: int) -> dict[str, Any]:
    """Seconds of a study on one worker and on two, and their ratio."""
    seconds, files = [], []
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2):
            out = Path(folder) / str(workers)
            command = [sys.executable, "-m", "sionna_semcom", "run", str(STUDY), "--out", str(out)]
            command += ["--set", f"evaluation.max_mc_iter={batches}", "--workers", str(workers)]
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - start)
            files.append((out / "centroid.h5").read_bytes())
    return {
        "batches": batches,
        "one_worker": seconds[0],
        "two_workers": seconds[1],
        "speedup": seconds[0] / seconds[1],
        "same_file": files[0] == files[1],
    }


def host(address: str, num_workers: int) -> None:
    """Run workers of one thread each in this process, until the scheduler at ``address`` ends."""
    clusters.be_quiet()
    # Workers of one process would run one at a time, because they share random generators
    dask_executor._one_at_a_time = contextlib.nullcontext()  # type: ignore[assignment]

    async def serve() -> None:
        made = [distributed.Worker(address, nthreads=1) for _ in range(num_workers)]
        await asyncio.gather(*made)
        await asyncio.gather(*(worker.finished() for worker in made))

    with dask.config.set(_MONITORS_OFF):
        asyncio.run(serve())


@contextlib.contextmanager
def many_workers(num_workers: int) -> Iterator[distributed.Client]:
    """Client of a scheduler with ``num_workers`` workers in a few processes."""
    with (
        dask.config.set(_MONITORS_OFF),
        distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        address = cluster.scheduler_address
        for first in range(0, num_workers, WORKERS_EACH):
            hosted = min(WORKERS_EACH, num_workers - first)
            _SPAWN.Process(target=host, args=(address, hosted), daemon=True).start()
        client.wait_for_workers(num_workers)
        yield client


def growth(num_workers: int, sleep: float) -> dict[str, float]:
    """Time of workers with equally many points each."""
    count = POINTS_EACH * num_workers
    with many_workers(num_workers) as client:
        run(client, num_workers, 0.0)  # the processes import TensorFlow
        seconds = run(client, count, sleep)
    return {
        "workers": num_workers,
        "points": count,
        "seconds": seconds,
        "efficiency": POINTS_EACH * sleep / seconds,
        "points_per_second": count / seconds,
    }


def measured(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Figures of each part, when they are available."""
    if "cost" in options.parts:
        yield "cost", {"ms_per_point": cost(options.points), "points": options.points}
    if "speedup" in options.parts:
        yield "speedup", {"speedup": speedup(options.batches)}
    if "growth" in options.parts:
        rows: list[dict[str, float]] = []
        for num_workers in options.workers:
            rows.append(growth(num_workers, options.sleep))
            yield "growth", {"growth": rows, "sleep": options.sleep, "points_each": POINTS_EACH}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS)
    parser.add_argument("--batches", type=int, default=750, help="of each point of the study")
    parser.add_argument("--sleep", type=float, default=SLEEP, help="seconds of points, for growth")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.json and options.json.exists():
        found = json.loads(options.json.read_bytes())
    for part, figures in measured(options):
        found |= figures
        print(part, figures, flush=True)
        if options.json:
            write_bytes(options.json, (json.dumps(found, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
