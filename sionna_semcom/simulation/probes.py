# SPDX-License-Identifier: Apache-2.0
"""What is trained anew on a trained system's frozen representations, to see what they hold."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import tensorflow as tf

from .. import metrics
from ..datasets import Data
from .results import Estimate

BATCH_SIZE = 500
Parts = dict[str, np.ndarray]


def probe(
    system: Any,
    data: Data,
    batches: tf.data.Dataset,
    snr_db: float,
    present: Sequence[str] | None = None,
) -> dict[str, Estimate]:
    """Figures of classifiers and discriminators that learn from representations of ``system``.

    - ``bce_<a>_<b>`` and ``jsd_<a>_<b>``, in nats: what discriminators that are trained anew on
      latents of ``batches`` find that modalities share
      (:func:`~sionna_semcom.metrics.fresh_dependence`);
    - ``<part>_in_<where>``, where it is known which parts a label has: accuracy of a linear probe
      of the part in the latent of a modality, or in what is received at ``snr_db``
      (:func:`~sionna_semcom.metrics.linear_probe`).

    They have no interval of their own; that of a study is over the models trained with its seeds.

    Parameters
    ----------
    system : system with ``representations(batch, snr_db, present)``
        A trained system
    data : :class:`~sionna_semcom.datasets.Data`
        Training samples, on which linear probes are trained
    batches : `tf.data.Dataset`
        Samples that were in no training
    snr_db : `float`
        SNR [dB] of what is received
    present : `None` (all) | sequence of `str`
        Modalities that the transmitter has

    Raises
    ------
    ValueError
        If ``system`` shows no representations
    """
    if not hasattr(system, "representations"):
        raise ValueError(f"probes need a system with latents to look at. Received: {system.name}")
    read = tf.function(functools.partial(system.representations, present=present))
    test, label = _collect(read, batches, snr_db)
    figures: dict[str, float] = {}
    modalities = [name for name in test if name != "received"]
    for one, other in combinations(modalities, 2):
        found = metrics.fresh_dependence(test[one], test[other])
        figures |= {f"bce_{one}_{other}": found.bce, f"jsd_{one}_{other}": found.jsd_bound}
    known = getattr(data, "parts", None)
    if known is not None:
        train, train_label = _collect(read, data.train(BATCH_SIZE), snr_db)
        answers, right = known(train_label), known(label)
        figures |= {
            f"{part}_in_{where}": metrics.linear_probe(
                (train[where], answers[part]), (test[where], right[part])
            )
            for part in right
            for where in test
        }
    count = len(label)
    return {name: Estimate(value, np.nan, np.nan, count) for name, value in figures.items()}


def _collect(read: Any, batches: tf.data.Dataset, snr_db: float) -> tuple[Parts, np.ndarray]:
    """Representations and labels of all samples of ``batches``."""
    rows: list[Mapping[str, tf.Tensor]] = []
    labels = []
    for batch in batches:
        rows.append(read(batch, tf.constant(snr_db, tf.float32)))
        labels.append(batch["label"].numpy())
    joined = {name: np.concatenate([row[name].numpy() for row in rows]) for name in rows[0]}
    return joined, np.concatenate(labels)
