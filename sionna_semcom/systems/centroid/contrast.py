# SPDX-License-Identifier: Apache-2.0
"""Contrastive losses of centroid systems."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ...losses import centroid, centroid_contrastive_loss, comm_terms
from ..base.contract import Batch
from .sending import fused


def contrastive_loss(system: Any, inputs: Batch, encodings: Batch, training: bool) -> tf.Tensor:
    """Contrastive loss that the settings of ``system`` name.

    Input
    -----
    system : :class:`CentroidSystem`
        The system
    inputs : `dict`
        Samples of all modalities, and optionally ``label`` ``[batch]``: samples with the same label
        are not used as negatives of each other
    encodings : `dict` of [batch, latent_dim + unique_dim], `tf.float`
        Encodings of ``inputs``
    training : `bool`
        Whether encoders are in training

    Output
    ------
    : [], `tf.float`
        Loss in nats
    """
    embeddings, temperature = system.aligned(encodings), system.settings.temperature
    labels = inputs.get("label")
    same = None if labels is None else tf.equal(labels[:, None], labels[None, :])
    if system.settings.contrast == "centroid":
        stacked = tf.stack(list(embeddings.values()))
        return centroid_contrastive_loss(stacked, centroid(stacked), temperature, same)
    views = {
        name: tf.concat([layer(inputs[name], training=True) for _ in range(2)], 0)
        for name, layer in system.augmentations.items()
    }
    first, second = tf.split(fused(system, system.encodings(views, training=training)), 2)
    return tf.add_n(list(comm_terms(first, second, embeddings, temperature, same).values()))
