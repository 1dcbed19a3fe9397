# SPDX-License-Identifier: Apache-2.0
"""What a multimodal system costs and how well its embeddings agree, whatever the SNR."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import tensorflow as tf

from .. import metrics

if TYPE_CHECKING:
    from .centroid import CentroidSystem

RECALL_QUERIES = 1000


def summarise(system: CentroidSystem, data: Iterable[Mapping[str, tf.Tensor]]) -> dict[str, float]:
    """Bandwidth figures of ``system``, and recall at 1 on the first samples of ``data``.

    Input
    -----
    system : :class:`CentroidSystem`
        A trained system
    data : iterable of `dict`
        Batches with ``label``; packing is counted for batches like the first

    Output
    ------
    : `dict` of `float`
        ``channel_uses`` a sample, with pilots and padding; ``bandwidth_ratio``; ``tti``, ``toi``,
        ``tti_over_toi``; and where embeddings are aligned, for every ordered pair of modalities
        and 1,000 queries, ``recall_at_1/image_to_audio`` (right is the same class) and
        ``instance_recall_at_1/image_to_audio`` (right is the same sample)
    """
    shapes = {modality.name: modality.shape for modality in system.modalities}
    dims = [m.latent_dim for m in system.modalities[: system.num_latents_sent]]
    batches = list(data)
    batch_size = len(batches[0]["label"])
    uses = system.link.channel_uses(system.num_symbols, batch_size) / batch_size
    figures = {
        "channel_uses": uses,
        "bandwidth_ratio": metrics.bandwidth_ratio(uses, shapes),
        "tti": float(metrics.tti(dims)),
        "toi": float(metrics.toi(shapes)),
        "tti_over_toi": metrics.tti_over_toi(dims, shapes),
    }
    if system.contrastive_weight > 0:
        figures |= _recall(system, batches)
    return figures


def _recall(system: CentroidSystem, batches: Iterable[Mapping[str, tf.Tensor]]) -> dict[str, float]:
    embedded = [(system.embed(batch), batch["label"]) for batch in batches]
    labels = tf.concat([label for _, label in embedded], 0)[:RECALL_QUERIES]
    embeddings = {
        name: tf.concat([latents[name] for latents, _ in embedded], 0)[:RECALL_QUERIES]
        for name in system.encoders
    }
    hits = {
        "recall_at_1": metrics.pairwise_recall_at_1(embeddings, labels),
        "instance_recall_at_1": metrics.pairwise_recall_at_1(embeddings),
    }
    return {
        f"{kind}/{pair}": float(tf.reduce_mean(tf.cast(hit, tf.float32)))
        for kind, pairs in hits.items()
        for pair, hit in pairs.items()
    }
