# SPDX-License-Identifier: Apache-2.0
"""Embeddings of devices that do not exchange them, and the received centroid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from ...link import Link
from ...mapping import LatentDemapper, LatentMapper, num_symbols
from ...mapping.running_power import RunningPower
from ..base.devices import adds_in_the_air, check_devices, received_rows
from ..base.transmission import Received


def agreement(symbols: Sequence[tf.Tensor]) -> tf.Tensor:
    r"""Correlation between the symbols of devices, from the power of their mean.

    .. math::

        \rho = \frac{N r^2 - 1}{N - 1}, \qquad
        r^2 = \mathbb{E}\Big|\frac{1}{N}\sum_k x_k\Big|^2 = \rho + \frac{1 - \rho}{N}

    Input
    -----
    symbols : sequence of [batch, n], `tf.complex`
        Unit-power symbols of :math:`N` devices

    Output
    ------
    : [], `tf.float64`
        Correlation, between zero and one; one of a single device
    """
    devices = len(symbols)
    mean = tf.add_n([tf.cast(one, tf.complex128) for one in symbols]) / devices
    power = tf.reduce_mean(tf.math.real(mean * tf.math.conj(mean)))
    if devices == 1:
        return tf.ones_like(power)
    return tf.clip_by_value((devices * power - 1.0) / (devices - 1.0), 0.0, 1.0)


def send_centroid(
    link: Link,
    embeddings: Mapping[str, tf.Tensor],
    mask: tf.Tensor | None,
    names: Sequence[str],
    no: tf.Tensor,
    running: RunningPower | None,
    training: bool,
) -> Received:
    r"""Send the embedding of each device, and estimate the centroid.

    If the symbols add over the link, the link returns their mean :math:`\hat{\mathbf{s}}`.
    Otherwise the receiver computes a mean that is weighted by the quality of the symbols:

    .. math::

        \hat{\mathbf{s}} = \sum_k w_k\hat{\mathbf{x}}_k, \qquad
        w_k \propto \frac{1}{N_k + 1 - \rho}

    The mean of :math:`n` active devices has the power :math:`r_n^2 = \rho + (1-\rho)/n`, so that
    :math:`\hat{\mathbf{s}}/r_n` estimates the centroid. The receiver knows the active devices, and
    the correlation :math:`\rho` from the training. For a system that was trained with one
    transmitter, the correlation of the batch is used.

    Input
    -----
    link : :class:`~sionna_semcom.link.Link`
        A link of several devices
    embeddings : `dict` of [batch, latent_dim], `tf.float`
        Unit-norm embeddings of the devices that have their modality
    mask : `None` (all) | [num_present, batch], `tf.float`
        Zero for each of these devices that nevertheless sends nothing
    names : sequence of `str`
        Modalities, one for each device
    no : [], `tf.float`
        Noise power
    running : `None` | `RunningPower`
        Running average of the correlation
    training : `bool`
        Whether the running average is updated

    Output
    ------
    : `Received`
        Received centroid
    """
    check_devices(link, len(names))
    mapper, given = LatentMapper(), next(iter(embeddings.values()))
    symbols = {name: mapper(one) for name, one in embeddings.items()}
    rho = agreement(list(symbols.values()))
    if running is not None:
        rho = running(rho, training=training)
    rho = tf.stop_gradient(tf.cast(rho, given.dtype))
    ones = tf.ones([len(symbols), tf.shape(given)[0]]) if mask is None else mask
    there = dict(zip(symbols, tf.unstack(ones), strict=True))
    nothing = tf.zeros_like(next(iter(symbols.values())))
    rows = tf.stack([symbols.get(name, nothing) for name in names], 1)
    present = tf.stack([there.get(name, tf.zeros_like(ones[0])) for name in names], 1)
    present = present[..., tf.newaxis]
    sent = rows * tf.cast(present, rows.dtype)
    outputs = received_rows(link, sent, no, given.dtype)
    return received_centroid(link, *outputs, present, rho, given.shape[-1])


def received_centroid(
    link: Link,
    symbols_hat: tf.Tensor,
    no_eff: tf.Tensor,
    present: tf.Tensor,
    rho: tf.Tensor,
    latent_dim: int,
) -> Received:
    """Estimate the centroid from the output of a link, see `send_centroid`.

    Input
    -----
    link : :class:`~sionna_semcom.link.Link`
        Link that returns the symbols of each device, or their mean
    symbols_hat, no_eff : [batch, num_devices, n] or [batch, n]
        Output of the link
    present : [batch, num_devices, 1], `tf.float`
        One for devices that send, zero for the others
    rho : [], `tf.float`
        Correlation between the symbols of devices
    latent_dim : `int`
        Dimension of an embedding

    Output
    ------
    : `Received`
        Received centroid
    """
    mean, noise = _mean_of(link, symbols_hat, no_eff, present, rho)
    power = rho + (1.0 - rho) / tf.reduce_sum(present, 1)
    mean *= tf.cast(tf.math.rsqrt(power), mean.dtype)
    return Received(LatentDemapper(latent_dim, "lmmse")(mean, noise / power), noise / power)


def _mean_of(
    link: Link, symbols_hat: tf.Tensor, no_eff: tf.Tensor, present: tf.Tensor, rho: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean over the transmitting devices, and its noise, from the output of ``link``."""
    if not adds_in_the_air(link):
        return weighted_mean(symbols_hat, no_eff, present, rho)
    share = present.shape[1] / tf.reduce_sum(present, 1)  # the mean divides by all devices
    return tf.cast(share, symbols_hat.dtype) * symbols_hat, tf.square(share) * no_eff


def weighted_mean(
    symbols_hat: tf.Tensor, no_eff: tf.Tensor, present: tf.Tensor, rho: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Mean of the symbols of devices, weighted by their quality, and its noise.

    Symbols are a common part and one that each has alone, of power :math:`1-\rho`. Unequal weights
    :math:`w_k` with a sum of one therefore miss the mean of :math:`n` devices by
    :math:`(1-\rho)(\sum_k w_k^2 - 1/n)`, which counts as noise.

    Input
    -----
    symbols_hat, no_eff : [batch, num_devices, n]
        Symbols of each device, and their noise
    present : [batch, num_devices, 1], `tf.float`
        One where a device sends, zero where not
    rho : [], `tf.float`
        Correlation between the symbols of devices

    Output
    ------
    mean : [batch, n], `tf.complex`
        Weighted mean
    no_eff : [batch, n], `tf.float`
        Noise power of it
    """
    weights = present / (no_eff + 1.0 - rho + np.finfo(np.float32).eps)
    weights /= tf.reduce_sum(weights, 1, keepdims=True)
    squares = tf.square(weights)
    mean = tf.reduce_sum(tf.cast(weights, symbols_hat.dtype) * symbols_hat, 1)
    uneven = tf.reduce_sum(squares, 1) - 1.0 / tf.reduce_sum(present, 1)
    return mean, tf.reduce_sum(squares * no_eff, 1) + (1.0 - rho) * tf.maximum(uneven, 0.0)


def send_apart(link: Link, embeddings: Sequence[tf.Tensor], no: tf.Tensor) -> list[Received]:
    """Send the embedding of each device over a link that separates the devices.

    Devices with shorter embeddings are silent on their last symbols.

    Raises
    ------
    ValueError
        If ``link`` has another number of devices, or adds their symbols
    """
    check_separable(link, len(embeddings))
    dims = [one.shape[-1] for one in embeddings]
    longest = max(map(num_symbols, dims))
    rows = tf.stack([padded_symbols(one, longest) for one in embeddings], 1)
    return received_apart(*received_rows(link, rows, no, embeddings[0].dtype), dims)


def check_separable(link: Link, num_devices: int) -> None:
    """Check that a link has ``num_devices`` devices and returns the symbols of each.

    Raises
    ------
    ValueError
        If ``link`` has another number of devices, or adds their symbols
    """
    check_devices(link, num_devices)
    if adds_in_the_air(link):
        raise ValueError(
            "embeddings of single devices require a link that separates devices. "
            f"Received: {type(link).__name__}"
        )


def padded_symbols(embedding: tf.Tensor, num_sent: int) -> tf.Tensor:
    """Symbols of a device, followed by zeros: [batch, num_sent]."""
    missing = num_sent - num_symbols(embedding.shape[-1])
    return tf.pad(LatentMapper()(embedding), [[0, 0], [0, missing]])


def received_apart(
    symbols_hat: tf.Tensor, no_eff: tf.Tensor, latent_dims: Sequence[int]
) -> list[Received]:
    """Received embedding of each device from ``symbols_hat`` [batch, num_devices, n]."""
    received = []
    for device, dim in enumerate(latent_dims):
        size = num_symbols(dim)
        noise = no_eff[:, device, :size]
        symbols = LatentDemapper(dim, "lmmse")(symbols_hat[:, device, :size], noise)
        received.append(Received(symbols, noise))
    return received
