# SPDX-License-Identifier: Apache-2.0
"""GPUs of this machine, and their memory settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf

from ..._messages import shortened


def gpus() -> list[Any]:
    """GPUs that are visible to TensorFlow."""
    return list(tf.config.list_physical_devices("GPU"))


def share_memory() -> None:
    """Let TensorFlow allocate GPU memory on demand, so that several processes can share a GPU.

    TensorFlow otherwise allocates the whole memory. The setting is not changed if the user has set
    ``TF_FORCE_GPU_ALLOW_GROWTH`` or a memory limit, or if TensorFlow has initialized the GPUs.
    """
    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    for gpu in gpus():
        if tf.config.get_logical_device_configuration(gpu) is None:
            try:
                tf.config.experimental.set_memory_growth(gpu, True)
            except RuntimeError:  # the GPUs are initialized
                return


def chosen_devices(distribute: Literal["all"] | Sequence[int]) -> list[str]:
    """Names of the GPUs that ``distribute`` selects. Logical CPUs replace GPUs if there are none.

    Raises
    ------
    ValueError
        If ``distribute`` is neither "all" nor a sequence of distinct device numbers
    """
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in found]
    if distribute == "all":
        return names
    numbers = [] if isinstance(distribute, str) else list(distribute)
    if not numbers or len({*numbers}) < len(numbers) or not {*numbers} <= {*range(len(names))}:
        raise ValueError(
            f"`distribute` must be 'all' or distinct device numbers in [0, {len(names)}). "
            f"Received: {shortened(distribute)}"
        )
    return [names[number] for number in numbers]
