# SPDX-License-Identifier: Apache-2.0
"""Connection to the Dask cluster that the options of a command select."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import say

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def connected(
    workers: int | None, scheduler: str | None, cluster: Path | None
) -> Iterator[Callable[[], Client | None]]:
    """Yield a function that connects to the selected cluster, or returns `None` without one.

    Workers of this machine start immediately, and import TensorFlow at the same time as the caller.
    Other clusters are connected when the function is called, so that no jobs are submitted if the
    study is invalid.
    """
    given = {"--workers": workers, "--scheduler": scheduler, "--cluster": cluster}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise ValueError(f"{' and '.join(named)} exclude each other")
    with ExitStack() as stack:

        def connect() -> Client | None:
            if not named:
                return None
            client = stack.enter_context(_client(workers, scheduler, cluster))
            say(f"Dashboard: {client.dashboard_link}")
            return client

        early = connect() if workers is not None else None
        yield lambda: early or connect()


def _client(
    workers: int | None, scheduler: str | None, cluster: Path | None
) -> AbstractContextManager[Client]:
    from ..simulation.execution import clusters

    if scheduler is not None:
        return clusters.client_at(scheduler)
    if cluster is not None:
        from ..simulation.execution.batch import batch_client, load_batch_settings

        return batch_client(load_batch_settings(cluster), say)
    return clusters.local_client(workers or 0)


def show_job(cluster: Path | None) -> None:
    """Show the job script of a cluster file."""
    if cluster is None:
        raise ValueError("--dry-run needs --cluster, because it shows the script of a job")
    from ..simulation.execution.batch import job_script, load_batch_settings

    say(job_script(load_batch_settings(cluster)))
