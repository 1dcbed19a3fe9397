# SPDX-License-Identifier: Apache-2.0
"""Batches of samples in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

plain = tf.autograph.experimental.do_not_convert
"""Excludes functions for `map` from AutoGraph, because they have no Python control flow"""


def drawn_batches(
    arrays: Mapping[str, Any], batch_size: int, steps: int | None, seed: int
) -> tf.data.Dataset:
    """Batches for training, drawn without replacement in each pass over the samples.

    Parameters
    ----------
    arrays : `dict` of [num_samples, ...]
        Samples
    batch_size : `int`
        Number of samples per batch
    steps : `None` | `int`
        Number of batches; `None` is one pass over the samples
    seed : `int`
        Seed of the order

    Output
    ------
    : `tf.data.Dataset`
        Dictionaries of [batch_size, ...]

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
    """Batches of each sample once, in order. Arguments as above.

    Parameters
    ----------
    arrays : `dict` of [num_samples, ...]
        Samples
    batch_size : `int`
        Number of samples per batch; the last batch may be smaller

    Output
    ------
    : `tf.data.Dataset`
        Dictionaries of [batch, ...]
    """
    check_positive(batch_size=batch_size)
    return tf.data.Dataset.from_tensor_slices(_tensors(arrays)).batch(batch_size).prefetch(2)


def check_positive(**values: int) -> None:
    """Check that values are positive.

    Raises
    ------
    ValueError
        If a value, which is named, is less than 1
    """
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}")


def _tensors(arrays: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    with tf.device("CPU"):  # where tf.data runs
        return {name: tf.constant(values) for name, values in arrays.items()}
