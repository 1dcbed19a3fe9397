# SPDX-License-Identifier: Apache-2.0
"""Common fixtures: a fixed seed, a quiet TensorFlow, and figures without a display."""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # processes may share a GPU
os.environ["MPLBACKEND"] = "Agg"
os.environ.pop("COLUMNS", None)  # readline, which pytest imports, sets both for xdist's workers
os.environ.pop("LINES", None)
if "PYTEST_XDIST_WORKER" in os.environ:  # one process a core: more threads only wait for each other
    for _variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(_variable, "1")

import pytest
import sionna.phy  # noqa: F401 (before TensorFlow, see sionna_semcom.cli.terminal.load_tensorflow)
import tensorflow as tf

from sionna_semcom._seeding import derive_seed, reseed, set_seed

DATA_VARIABLE = "SIONNA_SEMCOM_DATA"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run slow tests among the others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip slow tests unless they are selected, and data tests if the data are missing."""
    asked = config.getoption("--run-slow") or "slow" in config.getoption("markexpr")
    slow = [] if asked else [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    if not os.environ.get(DATA_VARIABLE):
        reason = f"real data: set {DATA_VARIABLE} to the folder with mnist/ and fsdd/"
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Exclude imported modules from garbage collection, which visits all objects otherwise."""
    gc.collect()
    gc.freeze()


@functools.cache
def _draws_with_tensorflow(path: Path) -> bool:
    return (
        re.search(r"tf\.random\.(normal|uniform|shuffle)|keras\.random\.", path.read_text())
        is not None
    )


@pytest.fixture(autouse=True)
def _reseed(request: pytest.FixtureRequest) -> None:
    """Start each test from the same random state, independent of earlier tests.

    TensorFlow's own seed is set only if it was changed, or if the file draws from it: setting it
    discards all kernels and compiled functions, which tests of a file share.
    """
    (seed, _), own = tf.compat.v1.get_seed(0), derive_seed("tests")
    if seed != own or _draws_with_tensorflow(request.path):
        set_seed("tests")
    else:
        reseed("tests")


@pytest.fixture(scope="module", autouse=True)
def _return_memory() -> Iterator[None]:
    """Return free memory to the system after each file, which C's library keeps otherwise."""
    yield
    set_seed("tests")  # discards what TensorFlow compiled
    gc.collect()
    with suppress(OSError, AttributeError):  # other libraries than GNU's
        ctypes.CDLL("libc.so.6").malloc_trim(0)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder of the data sets, for tests marked ``data``."""
    return Path(os.environ[DATA_VARIABLE])


@contextmanager
def _files_of_at_most(num_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def files_of_at_most() -> Callable[[int], AbstractContextManager[None]]:
    """Simulate a full disk by a limit of the file size."""
    return _files_of_at_most


def _eager(function: Callable) -> Callable:
    return function


def _graph(function: Callable) -> Callable:
    return tf.function(function)


def _xla(function: Callable) -> Callable:
    return tf.function(function, jit_compile=True)


@pytest.fixture(params=[_eager, _graph, _xla], ids=["eager", "graph", "xla"])
def compiled(request: pytest.FixtureRequest) -> Callable[[Callable], Callable]:
    """Runs a function in eager mode, in graph mode or with XLA, in one test per mode."""
    return request.param
