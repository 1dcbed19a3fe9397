# SPDX-License-Identifier: Apache-2.0
"""Latents of devices that do not exchange them, side by side at the receiver."""

from __future__ import annotations

import tensorflow as tf

from ...link import Link
from ...mapping import LatentDemapper, LatentMapper
from ...semantics import ReceiverState
from ..base.devices import adds_in_the_air, check_devices, received_rows


def receive_side_by_side(
    link: Link | None,
    latents: tf.Tensor,
    no: tf.Tensor,
    snr_range: tuple[float, float],
    knows_noise: bool,
) -> tf.Tensor:
    """Send the latent of each device, and give the receiver all of them behind each other.

    Input
    -----
    link : :class:`~sionna_semcom.link.Link` | `None`
        A link of several devices that tells them apart; none: symbols arrive as they are
    latents : [batch, num_devices, latent_dim], `tf.float`
        Latents; a device whose latent is zero sends nothing, which the receiver knows
    no : [], `tf.float`
        Noise power
    snr_range : (`float`, `float`)
        SNRs [dB] of training; noise beyond counts as the nearest of them
    knows_noise : `bool`
        Whether the receiver uses the noise power that the link reports

    Output
    ------
    : [batch, num_devices * (num_features + 1)], `tf.float`
        For each device what is received of its latent, if the receiver knows the noise how good
        each of its symbols is, and whether it sends

    Raises
    ------
    ValueError
        If the link takes other numbers of devices, or adds what they send
    """
    devices, dim = latents.shape[1:]
    there = tf.cast(tf.reduce_any(latents != 0, -1, keepdims=True), latents.dtype)
    symbols_hat = LatentMapper()(latents)
    no_eff = tf.zeros(tf.shape(symbols_hat), latents.dtype)
    if link is not None:
        _check_apart(link, devices)
        symbols_hat, no_eff = received_rows(link, symbols_hat, no, latents.dtype)
    if knows_noise:
        low, high = (10.0 ** (-snr_db / 10.0) for snr_db in reversed(snr_range))
        seen = LatentDemapper(dim, "lmmse")(symbols_hat, no_eff)
        features = ReceiverState()(seen, tf.clip_by_value(no_eff, low, high))
    else:
        features = LatentDemapper(dim)(symbols_hat)
    features = tf.concat([features * there, there], -1)
    return tf.reshape(features, [-1, devices * features.shape[-1]])


def _check_apart(link: Link, num_devices: int) -> None:
    check_devices(link, num_devices)
    if adds_in_the_air(link):
        raise ValueError(
            "fusion at the receiver needs a link that tells devices apart. "
            f"Received: {type(link).__name__}"
        )
