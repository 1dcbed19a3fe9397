# SPDX-License-Identifier: Apache-2.0
"""GPUs of one machine, and how they are used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import tensorflow as tf

from ..._messages import shortened


def gpus() -> list[Any]:
    """GPUs that TensorFlow sees."""
    return list(tf.config.list_physical_devices("GPU"))


def share_memory() -> None:
    """Let GPUs hand out memory as it is needed, so that processes can share them.

    TensorFlow otherwise takes all of it. Where the user has said otherwise, by
    ``TF_FORCE_GPU_ALLOW_GROWTH`` or by a limit of memory, or TensorFlow has begun, nothing changes.
    """
    if "TF_FORCE_GPU_ALLOW_GROWTH" in os.environ:
        return
    for gpu in gpus():
        if tf.config.get_logical_device_configuration(gpu) is None:
            try:
                tf.config.experimental.set_memory_growth(gpu, True)
            except RuntimeError:  # too late
                return


def chosen_devices(distribute: Literal["all"] | Sequence[int]) -> list[str]:
    """Names of the GPUs, or without any of the logical CPUs, that ``distribute`` chooses.

    Raises
    ------
    ValueError
        If it is neither "all" nor different numbers of devices
    """
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in found]
    if distribute == "all":
        return names
    numbers = [] if isinstance(distribute, str) else list(distribute)
    if not numbers or len({*numbers}) < len(numbers) or not {*numbers} <= {*range(len(names))}:
        raise ValueError(
            f"`distribute` must be 'all' or different numbers in [0, {len(names)}), of devices. "
            f"Received: {shortened(distribute)}"
        )
    return [names[number] for number in numbers]
