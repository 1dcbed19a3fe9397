# SPDX-License-Identifier: Apache-2.0
"""The Dask cluster that the options of a command ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import say

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def connected(
    workers: int | None, scheduler: str | None, cluster: Path | None
) -> Iterator[Client | None]:
    """Give a client of the cluster that was asked for; none if none was."""
    given = {"--workers": workers, "--scheduler": scheduler, "--cluster": cluster}
    named = [name for name, value in given.items() if value is not None]
    if not named:
        yield None
        return
    if len(named) > 1:
        raise ValueError(f"{' and '.join(named)} exclude each other")
    with _client(workers, scheduler, cluster) as client:
        say(f"Dashboard: {client.dashboard_link}")
        yield client


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
    """Show the script that each job of a cluster file runs."""
    if cluster is None:
        raise ValueError("--dry-run shows the script of a job, and needs --cluster")
    from ..simulation.execution.batch import job_script, load_batch_settings

    say(job_script(load_batch_settings(cluster)))
