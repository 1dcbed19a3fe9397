# SPDX-License-Identifier: Apache-2.0
"""Clients of Dask clusters: worker processes of this machine, or a remote scheduler."""

from __future__ import annotations

import contextlib
import glob
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..._errors import silent_stderr
from ..._messages import shortened

try:
    import distributed
except ImportError as error:
    raise ModuleNotFoundError(
        "Runs on several workers need Dask: pip install 'sionna-semcom[distributed]'"
    ) from error

if TYPE_CHECKING:
    from distributed import Client

_TIMEOUT = 10  # seconds
_ONE_THREAD = {"TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


@contextlib.contextmanager
def local_client(num_workers: int, num_gpus: int | None = None) -> Iterator[Client]:
    """Yield a client of worker processes on this machine, with one thread each.

    The workers import TensorFlow in the background.

    Parameters
    ----------
    num_workers : `int`
        Number of workers
    num_gpus : `int` | `None`
        Number of GPUs. By default, all NVIDIA GPUs of this machine are used. The workers are
        distributed evenly over the GPUs, and each worker sees one GPU.

    Raises
    ------
    ValueError
        If ``num_workers`` is not positive
    """
    if num_workers < 1:
        raise ValueError(f"There must be at least one worker. Received: {num_workers}")
    be_quiet()
    if num_gpus is None:
        num_gpus = len(glob.glob("/dev/nvidia[0-9]*"))
    with distributed.LocalCluster(
        n_workers=0 if num_gpus else num_workers,
        threads_per_worker=1,
        memory_limit=0,  # Dask would pause or kill workers
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        env=_ONE_THREAD,
    ) as cluster:
        for number in range(num_workers if num_gpus else 0):
            env = {**_ONE_THREAD, "CUDA_VISIBLE_DEVICES": str(number % num_gpus)}
            options = {**cluster.new_spec["options"], "env": env, "resources": {"GPU": 1}}
            cluster.new_spec = {**cluster.new_spec, "options": options}
            cluster.scale(number + 1)
        with distributed.Client(cluster) as client:
            client.wait_for_workers(num_workers)
            client.run(_load, wait=False)
            yield client


@contextlib.contextmanager
def client_at(address: str) -> Iterator[Client]:
    """Yield a client of the scheduler at an address such as ``tcp://192.0.2.1:8786``.

    Raises
    ------
    ConnectionError
        If no scheduler answers
    """
    be_quiet()
    try:
        client = distributed.Client(address, timeout=_TIMEOUT)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"No Dask scheduler answers at {shortened(address)}") from error
    with client:
        yield client


def load_tensorflow() -> None:
    """Import Sionna and then TensorFlow, without TensorFlow's messages during the import.

    Python 3.12 crashes at exit if TensorFlow 2.21 was imported before Mitsuba 3.8.
    """
    with silent_stderr():
        import sionna.phy  # noqa: F401
        import tensorflow  # noqa: F401


async def _load() -> None:
    """Import TensorFlow in a worker. Asynchronous, so that Dask does not wait for it."""
    load_tensorflow()


def be_quiet() -> None:
    """Suppress Dask's log of recovered errors. The caller reports the relevant errors."""
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in ("client", "worker", "scheduler"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)


def workers_of(client: Client) -> dict[str, Any]:
    """Description of each worker by the scheduler, by address.

    The client also asks the scheduler periodically in a thread, and replaces the workers in an
    earlier answer by an empty list. An answer is complete if it lists as many workers as it counts.
    """
    while True:
        known = client.scheduler_info(n_workers=-1)
        if len(known["workers"]) == known["n_workers"]:
            return dict(known["workers"])
