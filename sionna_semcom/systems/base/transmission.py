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


def latent_parts(link: Link, latents: tf.Tensor) -> list[tf.Tensor]:
    """The parts in which ``link`` sends ``latents``, each of which has the power of a latent.

    Raises
    ------
    ValueError
        If they are not of whole symbols
    """
    number = link.num_parts if isinstance(link, Link) else 1
    if number > 1 and latents.shape[-1] % (2 * number):
        raise ValueError(
            f"A latent that is sent in {number} parts must be a multiple of {2 * number} real "
            f"numbers. Received: latent_dim={latents.shape[-1]}"
        )
    return list(tf.split(latents, number, -1))


def receive_latent(
    link: Link, latents: tf.Tensor, no: tf.Tensor, estimator: Estimator = "lmmse"
) -> Received:
    """Transmit one latent per sample in the parts of ``link``, see :func:`transmit_latents`."""
    return _joined(transmit_latents(link, latent_parts(link, latents), no, estimator))


def received_after_each(
    link: Link, latents: tf.Tensor, no: tf.Tensor, estimator: Estimator = "lmmse"
) -> list[Received]:
    """Transmit ``latents``, and return the received latents after each transmission of ``link``.

    Parts that have not been received yet are zero with infinite noise. See :meth:`Link.after_each`,
    and `transmit_latents` for input.
    """
    mapper, parts = LatentMapper(), latent_parts(link, latents)
    symbols = tf.concat([mapper(part) for part in parts], -1)
    symbols_hat, no_eff = link.after_each(symbols, no)
    no_eff = tf.cast(no_eff, latents.dtype)
    demapper = LatentDemapper(parts[0].shape[-1], estimator)

    def received(estimates: tf.Tensor, noise: tf.Tensor) -> Received:
        pairs = (tf.split(one, len(parts), -1) for one in (estimates, noise))
        return _joined([Received(demapper(x, n), n) for x, n in zip(*pairs, strict=True)])

    rounds = zip(tf.unstack(symbols_hat), tf.unstack(no_eff), strict=True)
    return [received(*one) for one in rounds]


def _joined(parts: Sequence[Received]) -> Received:
    if len(parts) == 1:
        return parts[0]
    return Received(*(tf.concat(values, -1) for values in zip(*parts, strict=True)))


def receiver_features(received: Received, snr_range: tuple[float, float]) -> tf.Tensor:
    """Received latents with the SNRs of their symbols.

    Input
    -----
    received : `Received`
        Received latents
    snr_range : (`float`, `float`)
        Range of SNRs [dB] in training. The noise power for the decoder is clipped to this range

    Output
    ------
    : [batch, latent_dim + ceil(latent_dim/2)], `float`
        Features, see :class:`~sionna_semcom.semantics.ReceiverState`
    """
    low, high = (10.0 ** (-snr_db / 10.0) for snr_db in reversed(snr_range))
    return ReceiverState()(received.latent, tf.clip_by_value(received.no_eff, low, high))
