# SPDX-License-Identifier: Apache-2.0
"""Which modalities the transmitter has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tensorflow as tf
from sionna.phy import config


def present_names(present: Sequence[str] | None, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are ``present``, in the order of ``names``; `None`: all.

    Raises
    ------
    ValueError
        If ``present`` is empty, or names anything else
    """
    names = list(names)
    if present is None:
        return names
    if not present or not set(present) <= set(names):
        raise ValueError(
            f"`present` must name some of {', '.join(names)}. Received: {list(present)}"
        )
    return [name for name in names if name in present]


def dropout_mask(
    num_modalities: int, batch: int | tf.Tensor, probability: float
) -> tf.Tensor | None:
    """Draw what is missing in training: each modality with ``probability``, never all.

    Where all would be missing, one that is drawn uniformly stays.

    Output
    ------
    : `None` (nothing is ever missing) | [num_modalities, batch], `tf.float32`
        One where a modality is there, zero where it is missing
    """
    if probability == 0:
        return None
    draws = config.tf_rng.uniform([num_modalities, batch])
    best = tf.reduce_max(draws, axis=0, keepdims=True)
    return tf.cast((draws >= probability) | (draws == best), tf.float32)
