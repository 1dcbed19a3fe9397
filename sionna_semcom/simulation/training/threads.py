# SPDX-License-Identifier: Apache-2.0
"""How many threads TensorFlow computes in, which decides the order in which numbers are added."""

from __future__ import annotations

import os
from contextlib import suppress

import tensorflow as tf

from ..._messages import shortened

_VARIABLE = "TF_NUM_INTRAOP_THREADS"


def intra_op_threads() -> int:
    """Threads that share the work of one operation."""
    asked = tf.config.threading.get_intra_op_parallelism_threads()
    return asked or int(os.environ.get(_VARIABLE) or 0) or len(os.sched_getaffinity(0))


def prefer_threads(number: int = 1) -> int:
    """Let each operation compute in ``number`` threads, if it is not too late; give what it does.

    TensorFlow fixes the number when it computes for the first time in a process.
    """
    if intra_op_threads() != number:
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(number)
    return intra_op_threads()


def wanted_threads() -> int:
    """Threads of each operation that the environment asks for; one, if it asks for none.

    Raises
    ------
    ValueError
        If the variable is no number
    """
    text = os.environ.get(_VARIABLE) or "1"
    if not text.isdecimal():
        raise ValueError(f"{_VARIABLE} must be a number of threads. Received: {shortened(text)}")
    return int(text) or len(os.sched_getaffinity(0))


def require_one_thread() -> None:
    """Refuse to go on if operations compute in several threads.

    Raises
    ------
    RuntimeError
        If TensorFlow has already computed in several threads
    """
    if prefer_threads(1) != 1:
        raise RuntimeError(
            "`deterministic` training needs one thread for each operation, and TensorFlow has "
            f"already begun with {intra_op_threads()}. Make the settings before anything is "
            f"computed, or set the environment variable {_VARIABLE}=1"
        )
