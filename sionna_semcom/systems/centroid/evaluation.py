# SPDX-License-Identifier: Apache-2.0
"""Bandwidth and recall of a multimodal system, independent of the SNR."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf

from ... import metrics
from ..base.contract import Batch

RECALL_QUERIES = 1000


def bandwidth_and_recall(system: Any, data: Iterable[Batch]) -> dict[str, float]:
    """Bandwidth of ``system``, and recall at 1 on the first samples of ``data``.

    Input
    -----
    system : :class:`CentroidSystem`
        Trained system
    data : iterable of `dict`
        Batches. Only as many batches are read as recall requires. Packing is computed for batches
        of the size of the first batch

    Output
    ------
    : `dict` of `float`
        ``channel_uses`` per sample, including pilots and padding; ``bandwidth_ratio``; ``tti``,
        ``toi``, ``tti_over_toi``; with separate transmitters ``coherent_gain_db``, the gain of
        devices in phase. If embeddings are aligned, for each ordered pair of modalities
        and 1,000 queries, also ``instance_recall_at_1/image_to_audio`` (same sample) and, if there
        is a ``label``, ``recall_at_1/image_to_audio`` (same class)

    Raises
    ------
    ValueError
        If there is no batch
    """
    dims = list(system.latent_dims[: system.num_latents_sent])
    batches = iter(data)
    first = next(batches, None)
    if first is None:
        raise ValueError("`data` must have at least one batch. Received: none")
    batch_size = len(first[system.modalities[0].name])
    uses = system.channel_uses(batch_size) / batch_size
    figures = {
        "channel_uses": uses,
        "bandwidth_ratio": metrics.bandwidth_ratio(uses, system.shapes),
        "tti": float(metrics.tti(dims)),
        "toi": float(metrics.toi(system.shapes)),
        "tti_over_toi": metrics.tti_over_toi(dims, system.shapes),
    }
    if system.transmitters == "separate" and system.mode != "conventional":
        figures["coherent_gain_db"] = _coherent_gain_db(system.embed(first))
    if system.contrastive_weight > 0:
        figures |= _recall(system, chain([first], batches))
    return figures


def _coherent_gain_db(embeddings: Mapping[str, tf.Tensor]) -> float:
    r"""Gain :math:`10\log_{10}(N r^2)` [dB] of devices whose embeddings meet in phase."""
    stacked = tf.stack(list(embeddings.values()))
    power = tf.reduce_sum(tf.square(tf.reduce_mean(stacked, 0)), -1)
    return float(10.0 * np.log10(len(embeddings) * float(tf.reduce_mean(power))))


def _recall(system: Any, batches: Iterable[Batch]) -> dict[str, float]:
    embedded: list[dict[str, tf.Tensor]] = []
    labels: list[tf.Tensor] = []
    count = 0
    for batch in batches:
        embedded.append(system.embed(batch))
        labels += [batch["label"]] if "label" in batch else []
        count += len(embedded[-1][system.modalities[0].name])
        if count >= RECALL_QUERIES:
            break
    embeddings = {
        name: tf.concat([latents[name] for latents in embedded], 0)[:RECALL_QUERIES]
        for name in system.encoders
    }
    for name, latents in embeddings.items():
        if not tf.reduce_all(tf.math.is_finite(latents)):
            raise FloatingPointError(f"Embeddings of {name} are not finite")
    hits = {"instance_recall_at_1": metrics.pairwise_recall_at_1(embeddings)}
    if labels:
        classes = tf.concat(labels, 0)[:RECALL_QUERIES]
        hits = {"recall_at_1": metrics.pairwise_recall_at_1(embeddings, classes)} | hits
    return {
        f"{kind}/{pair}": float(tf.reduce_mean(tf.cast(hit, tf.float32)))
        for kind, pairs in hits.items()
        for pair, hit in pairs.items()
    }
