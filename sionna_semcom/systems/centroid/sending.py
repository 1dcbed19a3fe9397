# SPDX-License-Identifier: Apache-2.0
"""Transmission in the modes of centroid systems, from one transmitter or from several."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ...losses import centroid
from ..base.contract import Batch
from ..base.presence import dropout_mask
from ..base.transmission import Received, transmit_latents
from .separate import send_apart, send_centroid


def send(system: Any, embeddings: Batch, no: tf.Tensor, training: bool) -> list[Received]:
    """Send the fusion of ``embeddings``, or each of them, over the link of ``system``.

    Input
    -----
    system : :class:`CentroidSystem`
        The system
    embeddings : `dict` of [batch, latent_dim + unique_dim], `tf.float`
        Encodings of the present modalities: unit-norm embeddings, and unaligned numbers
    no : [], `tf.float`
        Noise power
    training : `bool`
        Whether modalities may be dropped and running averages are updated

    Output
    ------
    : `list` of `Received`
        Only the centroid or learned fusion, or the embedding of each modality

    Raises
    ------
    ValueError
        If a modality is missing in a mode that sends no centroid
    """
    if system.mode == "end_to_end" or (system.mode == "paper" and not training):
        return [_send_centroid(system, embeddings, no, training)]
    sent = list(embeddings.values())
    if len(sent) < len(system.modalities):
        raise ValueError(
            "A modality that is missing can only be reconstructed where the centroid is sent. "
            f"Received: mode={system.mode!r}, present={list(embeddings)}"
        )
    if system.transmitters == "separate":
        return send_apart(system.link, sent, no)
    return transmit_latents(system.link, sent, no)


def _send_centroid(system: Any, embeddings: Batch, no: tf.Tensor, training: bool) -> Received:
    sent = list(embeddings.values())
    dropout = system.settings.modality_dropout
    mask = dropout_mask(len(sent), tf.shape(sent[0])[0], dropout) if training else None
    if system.transmitters == "joint":
        return transmit_latents(system.link, [fused(system, embeddings, mask)], no)[0]
    names = list(system.encoders)
    return send_centroid(system.link, embeddings, mask, names, no, system.agreement, training)


def fused(system: Any, encodings: Batch, mask: tf.Tensor | None = None) -> tf.Tensor:
    """Centroid or learned fusion of the encodings of present modalities.

    Input
    -----
    system : :class:`CentroidSystem`
        The system
    encodings : `dict` of [batch, latent_dim + unique_dim], `tf.float`
        Encodings of the present modalities
    mask : `None` (all) | [num_present, batch], `tf.float`
        Zero for each of these modalities that is nevertheless missing

    Output
    ------
    : [batch, latent_dim], `tf.float`
        Latents of unit norm
    """
    if system.latent_fusion is None:
        return centroid(tf.stack(list(encodings.values())), mask)
    nothing = tf.zeros_like(next(iter(encodings.values())))
    there = tf.ones([len(encodings), tf.shape(nothing)[0]], nothing.dtype) if mask is None else mask
    flags = dict(zip(encodings, tf.unstack(there), strict=True))
    missing = tf.zeros_like(there[0])
    rows = [encodings.get(name, nothing) for name in system.encoders]
    present = [flags.get(name, missing) for name in system.encoders]
    return system.latent_fusion(tf.stack(rows), tf.stack(present))
