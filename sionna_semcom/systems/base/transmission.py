# SPDX-License-Identifier: Apache-2.0
"""Transmission of real latents over a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import tensorflow as tf

from ...link import Link
from ...mapping import LatentDemapper, LatentMapper, num_symbols
from ...semantics import ReceiverState


class Received(NamedTuple):
    """Received latent."""

    latent: tf.Tensor
    """[batch, latent_dim], `tf.float`, estimate"""
    no_eff: tf.Tensor
    """[batch, ceil(latent_dim/2)], `tf.float`, effective noise power of each symbol"""


Estimator = Literal["unbiased", "lmmse"]


def transmit_latents(
    link: Link,
    latents: Sequence[tf.Tensor],
    no: tf.Tensor,
    estimator: Estimator = "lmmse",
) -> list[Received]:
    """Map latents to symbols, transmit the concatenated symbols, and estimate the latents.

    ::

        latents ─ mapper ─ link ─ demapper ─ latents_hat
                            └─────────────── no_eff

    Input
    -----
    link : :class:`~sionna_semcom.link.Link`
        Link for the symbols
    latents : sequence of [batch, latent_dim], `tf.float`
        Latents, which may have different dimensions
    no : [] or [batch], `tf.float`
        Noise power
    estimator : "lmmse" (default) | "unbiased"
        Estimator of the demapper

    Output
    ------
    : `list` of `Received`
        Received latents
    """
    mapper, dims = LatentMapper(), [latent.shape[-1] for latent in latents]
    sizes = [num_symbols(dim) for dim in dims]
    symbols_hat, no_eff = link(tf.concat([mapper(latent) for latent in latents], -1), no)
    no_eff = tf.cast(no_eff, latents[0].dtype)  # links may compute in double precision
    parts = zip(dims, tf.split(symbols_hat, sizes, -1), tf.split(no_eff, sizes, -1), strict=True)
    return [
        Received(LatentDemapper(dim, estimator)(symbols, noise), noise)
        for dim, symbols, noise in parts
    ]


def received_features(
    link: Link, latents: tf.Tensor, no: tf.Tensor, snr_range: tuple[float, float]
) -> tf.Tensor:
    """Transmit ``latents`` and return the received latents with the SNRs of their symbols.

    Input
    -----
    link, latents, no
        As in :func:`transmit`, for one latent
    snr_range : (`float`, `float`)
        Range of SNRs [dB] in training. The noise power for the decoder is clipped to this range

    Output
    ------
    : [batch, latent_dim + ceil(latent_dim/2)], `float`
        Features, see :class:`~sionna_semcom.semantics.ReceiverState`
    """
    received = transmit_latents(link, [latents], no)[0]
    low, high = (10.0 ** (-snr_db / 10.0) for snr_db in reversed(snr_range))
    return ReceiverState()(received.latent, tf.clip_by_value(received.no_eff, low, high))
