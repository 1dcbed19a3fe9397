# SPDX-License-Identifier: Apache-2.0
"""Number of threads of TensorFlow's operations, which changes the rounding of sums."""

from __future__ import annotations

import os
from contextlib import suppress

import tensorflow as tf

from ..._messages import shortened

_VARIABLE = "TF_NUM_INTRAOP_THREADS"


def intra_op_threads() -> int:
    """Number of threads that share the work of one operation."""
    asked = tf.config.threading.get_intra_op_parallelism_threads()
    return asked or int(os.environ.get(_VARIABLE) or 0) or len(os.sched_getaffinity(0))


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
    text = os.environ.get(_VARIABLE) or "1"
    if not text.isdecimal():
        raise ValueError(f"{_VARIABLE} must be a non-negative integer. Received: {shortened(text)}")
    return int(text) or len(os.sched_getaffinity(0))


def require_one_thread() -> None:
    """Check that operations run in one thread.

    Raises
    ------
    RuntimeError
        If TensorFlow already runs operations in several threads
    """
    if prefer_threads(1) != 1:
        raise RuntimeError(
            "`deterministic` training needs one thread per operation, but TensorFlow "
            f"already uses {intra_op_threads()}. Create the settings before TensorFlow runs an "
            f"operation, or set the environment variable {_VARIABLE}=1"
        )
