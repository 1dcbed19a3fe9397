# SPDX-License-Identifier: Apache-2.0
"""Number of threads of TensorFlow's operations, which changes the rounding of sums."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import tensorflow as tf
from threadpoolctl import threadpool_limits

from ..._messages import shortened

_VARIABLE = "TF_NUM_INTRAOP_THREADS"


def intra_op_threads() -> int:
    """Number of threads that share the work of one operation.

    Raises
    ------
    ValueError
        If TensorFlow reads the number from an environment variable that is no number
    """
    asked = tf.config.threading.get_intra_op_parallelism_threads()
    return asked or _in_environment("0") or _num_cores()


def prefer_threads(number: int = 1) -> int:
    """Set the number of threads per operation if TensorFlow is not initialized; return the number.

    TensorFlow fixes the number when it runs its first operation in a process.
    """
    if intra_op_threads() != number:
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(number)
    return intra_op_threads()


def wanted_threads() -> int:
    """Number of threads per operation from the environment; 0 selects all cores; default 1.

    Raises
    ------
    ValueError
        If the variable is not a non-negative integer
    """
    return _in_environment("1") or _num_cores()


@contextmanager
def limited_threads(deterministic: bool = False) -> Iterator[int]:
    """Limit the threads per operation, of NumPy as well, in a `with` block; yield their number.

    All commands that train use this number, because it affects the weights. It is one if the
    training is ``deterministic``, and :func:`wanted_threads` otherwise.

    Raises
    ------
    ValueError
        If the environment variable is not a non-negative integer
    """
    number = 1 if deterministic else wanted_threads()
    with threadpool_limits(number):
        prefer_threads(number)
        yield number


def require_one_thread() -> None:
    """Check that operations run in one thread.

    Raises
    ------
    ValueError
        If TensorFlow already runs operations in several threads
    """
    if prefer_threads(1) != 1:
        raise ValueError(
            "`deterministic` training needs one thread per operation, but TensorFlow "
            f"already uses {intra_op_threads()}. Create the settings before TensorFlow runs an "
            f"operation, or set the environment variable {_VARIABLE}=1"
        )


def _in_environment(default: str) -> int:
    """Number in the environment variable, or the ``default``; 0 selects all cores."""
    text = os.environ.get(_VARIABLE) or default
    if not text.isdecimal():
        raise ValueError(f"{_VARIABLE} must be a non-negative integer. Received: {shortened(text)}")
    return int(text)


def _num_cores() -> int:
    """Number of cores of the process, or of the machine on systems without affinity (macOS)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
