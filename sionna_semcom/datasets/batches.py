# SPDX-License-Identifier: Apache-2.0
"""Batches of samples that are in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

plain = tf.autograph.experimental.do_not_convert
"""Marks what data sets map, which no control flow of Python depends on, as no work for AutoGraph"""


def drawn_batches(
    arrays: Mapping[str, Any], batch_size: int, steps: int | None, seed: int
) -> tf.data.Dataset:
    """Batches for training, drawn without replacement until all samples were, then again.

    Parameters
    ----------
    arrays : `dict` of [num_samples, ...]
        Samples
    batch_size : `int`
        Samples a batch
    steps : `None` | `int`
        Batches; `None` is as many as the samples fill
    seed : `int`
        Seed of the order

    Raises
    ------
    ValueError
        If ``batch_size`` or ``steps`` is not positive
    """
    check_positive(batch_size=batch_size, **({} if steps is None else {"steps": steps}))
    tensors = _tensors(arrays)
    size = len(next(iter(tensors.values())))
    rows = tf.data.Dataset.range(size).shuffle(size, seed=seed).repeat()
    steps = max(1, size // batch_size) if steps is None else steps
    return (
        rows.batch(batch_size)
        .take(steps)
        .map(plain(lambda index: {name: tf.gather(x, index) for name, x in tensors.items()}))
        .prefetch(2)
    )


def each_once(arrays: Mapping[str, Any], batch_size: int) -> tf.data.Dataset:
    """Batches of every sample once, in their order; arguments as above."""
    check_positive(batch_size=batch_size)
    return tf.data.Dataset.from_tensor_slices(_tensors(arrays)).batch(batch_size).prefetch(2)


def check_positive(**values: int) -> None:
    """Refuse values that are not positive.

    Raises
    ------
    ValueError
        If one is less than 1, naming it
    """
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}")


def _tensors(arrays: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    with tf.device("CPU"):  # where tf.data runs
        return {name: tf.constant(values) for name, values in arrays.items()}
