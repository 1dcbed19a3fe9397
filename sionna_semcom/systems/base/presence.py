# SPDX-License-Identifier: Apache-2.0
"""Modalities at the transmitter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy import config


def present_names(present: Sequence[str] | None, names: Iterable[str]) -> list[str]:
    """Names in ``present``, in the order of ``names``; all names if `None`.

    Raises
    ------
    ValueError
        If ``present`` is empty or contains an unknown name
    """
    names = list(names)
    if present is None:
        return names
    if not present or not set(present) <= set(names):
        raise ValueError(
            f"`present` must name some of {', '.join(names)}. Received: {list(present)}"
        )
    return [name for name in names if name in present]


def batch_keys(shapes: Mapping[str, Sequence[int]]) -> list[str]:
    """Keys of a batch with modalities of ``shapes``, including the lengths of sequences."""
    sequences = [f"{name}_length" for name, shape in shapes.items() if len(shape) == 2]
    return [*shapes, *sequences]


def check_keys(inputs: Mapping[str, Any], keys: Collection[str]) -> None:
    """Check that ``inputs`` contain all ``keys``.

    Raises
    ------
    ValueError
        If they are not a dictionary, or a key is missing
    """
    if not isinstance(inputs, Mapping):
        raise ValueError(
            f"`inputs` must be a dictionary with {', '.join(keys)}. "
            f"Received: {type(inputs).__name__}"
        )
    if not set(keys) <= set(inputs):
        raise ValueError(f"`inputs` must hold {', '.join(keys)}. Received: {', '.join(inputs)}")


def check_batch(inputs: Mapping[str, Any], shapes: Mapping[str, Sequence[int]]) -> None:
    """Check that ``inputs`` contain modalities of ``shapes``, and the lengths of sequences.

    Sequences, which have shapes of two dimensions, may have any number of elements.

    Raises
    ------
    ValueError
        As :func:`check_keys` and :func:`check_shapes`
    """
    check_keys(inputs, batch_keys(shapes))
    any_length = {
        name: [None, shape[1]] if len(shape) == 2 else shape for name, shape in shapes.items()
    }
    check_shapes(inputs, any_length)


def check_shapes(inputs: Mapping[str, Any], shapes: Mapping[str, Sequence[int | None]]) -> None:
    """Check the known dimensions of samples.

    Raises
    ------
    ValueError
        If samples of a modality do not have the shape in ``shapes``
    """
    for name, shape in shapes.items():
        given = getattr(inputs[name], "shape", None)
        if given is None:
            given = np.shape(inputs[name])
        if not tf.TensorShape([None, *shape]).is_compatible_with(given):
            expected = ", ".join("any" if size is None else str(size) for size in shape)
            raise ValueError(
                f"`{name}` must have shape [batch, {expected}]. Received: {list(given)}"
            )


def where_present(parts: Iterable[tf.Tensor], presence: tf.Tensor) -> list[tf.Tensor]:
    """``parts`` [batch, dim], zero where ``presence`` [batch, num_modalities] is zero."""
    there = tf.split(presence, presence.shape[-1], -1)
    return [part * mask for part, mask in zip(parts, there, strict=True)]


def dropout_mask(
    num_modalities: int, batch: int | tf.Tensor, probability: float
) -> tf.Tensor | None:
    """Draw missing modalities in training: each modality with ``probability``, but never all.

    If all modalities would be missing, a uniformly drawn modality is kept.

    Output
    ------
    : `None` (no modality is missing) | [num_modalities, batch], `tf.float32`
        One if a modality is present, zero if it is missing
    """
    if probability == 0:
        return None
    draws = config.tf_rng.uniform([num_modalities, batch])
    best = tf.reduce_max(draws, axis=0, keepdims=True)
    return tf.cast((draws >= probability) | (draws == best), tf.float32)
