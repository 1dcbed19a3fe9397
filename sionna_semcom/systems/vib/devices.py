# SPDX-License-Identifier: Apache-2.0
"""Latents of devices that do not exchange them, concatenated at the receiver."""

from __future__ import annotations

import tensorflow as tf

from ...link import Link
from ...mapping import LatentDemapper, LatentMapper
from ..base.devices import adds_in_the_air, check_devices, received_rows
from ..base.transmission import Received, receiver_features


def receive_side_by_side(
    link: Link | None,
    latents: tf.Tensor,
    no: tf.Tensor,
    snr_range: tuple[float, float],
    knows_noise: bool,
) -> tf.Tensor:
    """Send the latent of each device, and concatenate the received latents.

    Input
    -----
    link : :class:`~sionna_semcom.link.Link` | `None`
        Link that separates the symbols of several devices; none: symbols arrive unchanged
    latents : [batch, num_devices, latent_dim], `tf.float`
        Latents; a device with a zero latent sends nothing, and the receiver knows it
    no : [], `tf.float`
        Noise power
    snr_range : (`float`, `float`)
        Range of the SNR [dB] of training; the noise power is clipped to this range
    knows_noise : `bool`
        Whether the receiver uses the effective noise power from the link

    Output
    ------
    : [batch, num_devices * (num_features + 1)], `tf.float`
        For each device, the received latent, the SNR of its symbols if the receiver knows the
        noise, and a presence indicator

    Raises
    ------
    ValueError
        If the link takes another number of devices, or adds their symbols
    """
    devices, dim = latents.shape[1:]
    there = tf.cast(tf.reduce_any(latents != 0, -1, keepdims=True), latents.dtype)
    symbols_hat = LatentMapper()(latents)
    no_eff = tf.zeros(tf.shape(symbols_hat), latents.dtype)
    if link is not None:
        _check_apart(link, devices)
        symbols_hat, no_eff = received_rows(link, symbols_hat, no, latents.dtype)
    if knows_noise:
        seen = LatentDemapper(dim, "lmmse")(symbols_hat, no_eff)
        features = receiver_features(Received(seen, no_eff), snr_range)
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
