# SPDX-License-Identifier: Apache-2.0
"""Batches of samples in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from .._seeding import derive_seed

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


def fixed_order(name: str, size: int) -> np.ndarray:
    """Random order [size] of the samples of the split ``name``, the same in each call."""
    return np.random.default_rng(derive_seed("order", name)).permutation(size)


def in_fixed_order(arrays: Mapping[str, np.ndarray], name: str, batch_size: int) -> tf.data.Dataset:
    """Batches of each sample of a split once, in a random order that is the same in each call.

    Files are often ordered by class or by origin. The first batches would then not represent the
    split, and intervals over batches would be too wide.

    Parameters
    ----------
    arrays : `dict` of [num_samples, ...]
        Samples
    name : `str`
        Name of the split, which determines the order
    batch_size : `int`
        Number of samples per batch; the last batch may be smaller

    Output
    ------
    : `tf.data.Dataset`
        Dictionaries of [batch, ...]
    """
    order = fixed_order(name, len(next(iter(arrays.values()))))
    return each_once({key: values[order] for key, values in arrays.items()}, batch_size)


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
