# SPDX-License-Identifier: Apache-2.0
"""Over-the-air computation of a mean, with channel inversion at devices or a linear receiver."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ...channel.noise import antenna_energy, at_least, energy, rounding
from ..ofdm.equalization import NOISE_FLOOR, error_matrix

MIN_GAIN = 1e-9  # received share of the mean if the channel is zero
PHASE_TURNS = 8  # after which the energy changes by less than a percent


def correlation_root(correlation: float, num_devices: int) -> np.ndarray:
    r"""Square root of the covariance of equally correlated symbols of devices.

    .. math:: \mathbf{R} = (1-\rho)\mathbf{I} + \rho\,\mathbf{1}\mathbf{1}^\mathsf{T}

    Input
    -----
    correlation : `float`
        Correlation :math:`\rho` between the symbols of any two devices

    num_devices : `int`
        Number of devices

    Output
    ------
    : [num_devices, num_devices], `float`
        Symmetric square root
    """
    apart = (1.0 - correlation) ** 0.5
    together = (1.0 + (num_devices - 1) * correlation) ** 0.5
    ones = np.full([num_devices, num_devices], 1.0 / num_devices)
    return apart * np.eye(num_devices) + (together - apart) * ones


def mmse_of_mean(
    y: tf.Tensor, h: tf.Tensor, noise: tf.Tensor, correlation: float = 0.0
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Unbiased linear MMSE estimate of the mean of the symbols of devices.

    .. math::

        s = \tfrac{1}{N}\mathbf{1}^\mathsf{T}\mathbf{x}, \qquad
        \mathbf{E} = \big(\mathbf{R}^{-1} + \tfrac{1}{\sigma^2}\mathbf{H}^\mathsf{H}\mathbf{H}
        \big)^{-1}, \qquad
        \hat{s} = \frac{1}{\alpha N\sigma^2}\mathbf{1}^\mathsf{T}\mathbf{E}\mathbf{H}^\mathsf{H}
        \mathbf{y}, \qquad
        \alpha = 1 - \frac{\mathbf{1}^\mathsf{T}\mathbf{E}\mathbf{1}}
                          {\mathbf{1}^\mathsf{T}\mathbf{R}\mathbf{1}}

    for symbols with the covariance :math:`\mathbf{R}` (`correlation_root`). The error variance is
    :math:`\mathbf{1}^\mathsf{T}\mathbf{E}\mathbf{1}/(\alpha N^2)`. Devices are not separated, so
    that there can be more devices than antennas.

    Input
    -----
    y : [..., num_rx_ant], `tf.complex`
        Received signals

    h : [..., num_rx_ant, num_devices], `tf.complex`
        Channel

    noise : [...], `tf.float`
        Noise power per antenna

    correlation : `float`
        Assumed correlation between the symbols of devices

    Output
    ------
    mean : [...], `tf.complex`
        Estimate of the mean

    no_eff : [...], `tf.float`
        Error variance of the estimate
    """
    devices = h.shape[-1]
    root = correlation_root(correlation, devices)
    weights = root.mean(axis=0)  # the mean as a function of independent symbols
    noise = at_least(noise, antenna_energy(h), rounding(NOISE_FLOOR, h.dtype))
    whitening = tf.cast(tf.math.rsqrt(noise), h.dtype)[..., tf.newaxis]
    mixed = whitening[..., tf.newaxis] * (h @ tf.constant(root, h.dtype))
    gram = tf.matmul(mixed, mixed, adjoint_a=True)
    wanted = tf.broadcast_to(tf.constant(weights, h.dtype), tf.shape(gram)[:-1])
    seen = tf.linalg.matvec(error_matrix(gram), wanted)
    matched = tf.linalg.matvec(mixed, whitening * y, adjoint_a=True)
    # this form of alpha avoids the difference of nearly equal numbers at low SNR
    share = _inner(seen, tf.linalg.matvec(gram, wanted)) / float(np.sum(weights**2))
    alpha = tf.maximum(tf.math.real(share), MIN_GAIN)
    mean = _inner(seen, matched) / tf.cast(alpha, h.dtype)
    return mean, tf.math.real(_inner(seen, wanted)) / alpha


def _inner(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.math.conj(a) * b, -1)


def meeting_phases(h: tf.Tensor) -> tf.Tensor:
    r"""Phases of the devices for which the sum of equal symbols has the highest power.

    .. math:: \max_{|e_1|=\dots=|e_N|=1} \Big\lVert\sum_k e_k\mathbf{h}_k\Big\rVert^2
              = \mathbf{e}^\mathsf{H}\mathbf{G}\mathbf{e}, \qquad
              \mathbf{G} = \mathbf{H}^\mathsf{H}\mathbf{H}

    Each iteration replaces :math:`\mathbf{e}` by the phases of :math:`\mathbf{G}\mathbf{e}`. This
    never lowers the power, because :math:`\mathbf{G}` is positive semidefinite. The iterations
    start at the phases of the principal eigenvector. With one antenna, all channels add in phase.

    Input
    -----
    h : [..., num_rx_ant, num_devices], `tf.complex`
        Channel

    Output
    ------
    : [..., num_devices], `tf.complex`
        Factors of magnitude one
    """
    gram = tf.matmul(h, h, adjoint_a=True)
    _, vectors = tf.linalg.eigh(gram)
    phases = _unit(vectors[..., -1])
    for _ in range(PHASE_TURNS):
        phases = _unit(tf.linalg.matvec(gram, phases))
    return phases


def _unit(values: tf.Tensor) -> tf.Tensor:
    """Phases of ``values``; one where they are zero."""
    size = tf.abs(values)
    ones = tf.ones_like(values)
    return tf.where(size > 0, values / tf.cast(tf.where(size > 0, size, 1.0), values.dtype), ones)


class Alignment(NamedTuple):
    """Channel inversion at devices, so that their symbols add coherently."""

    gains: tf.Tensor
    """[..., num_devices], `tf.complex`: gain of each symbol from device to receiver."""
    active: tf.Tensor
    """[..., num_devices], `tf.float`: one if a device sends, zero otherwise."""
    amplitude: tf.Tensor
    """[num_slots, 1, ...], `tf.float`: received amplitude of all active devices."""
    missed: tf.Tensor
    """[...], `tf.float`: error power due to imperfect channel knowledge."""


def combining_vector(h: tf.Tensor) -> tf.Tensor:
    r"""Combining vector of unit norm, the principal direction of the normalized channels.

    .. math:: \mathbf{v} = \arg\max_{\lVert\mathbf{v}\rVert=1} \sum_k
              \frac{|\mathbf{v}^\mathsf{H}\mathbf{h}_k|^2}{\lVert\mathbf{h}_k\rVert^2}

    Input
    -----
    h : [..., num_rx_ant, num_devices], `tf.complex`
        Channel

    Output
    ------
    : [..., num_rx_ant], `tf.complex`
        Combining vectors
    """
    if h.shape[-2] == 1:
        return tf.ones_like(h[..., 0])
    norms = tf.sqrt(tf.reduce_sum(energy(h), -2, keepdims=True))
    directions = h / tf.cast(tf.where(norms > 0, norms, 1.0), h.dtype)
    _, vectors = tf.linalg.eigh(tf.matmul(directions, directions, adjoint_a=True))
    strongest = tf.linalg.matvec(directions, vectors[..., -1])
    norm = tf.sqrt(tf.reduce_sum(energy(strongest), -1, keepdims=True))
    return strongest / tf.cast(tf.where(norm > 0, norm, 1.0), h.dtype)


def aligned(h: tf.Tensor, h_hat: tf.Tensor, error: tf.Tensor, truncation: float) -> Alignment:
    r"""Truncated channel inversion at each device with a power limit per slot.

    .. math::

        b_k = \eta\,\frac{\mathbb{1}[|\hat{g}_k|^2 \ge \tau]}{\hat{g}_k}, \qquad
        \hat{g}_k = \mathbf{v}^\mathsf{H}\hat{\mathbf{h}}_k, \qquad
        \eta^2 = \min_k \frac{1}{N}\Big/\overline{\mathbb{1}[|\hat{g}_k|^2 \ge \tau]\,
        |\hat{g}_k|^{-2}}

    where the bar denotes the mean over the resource elements of the slot. The mean transmit power
    of a device in a slot is at most :math:`1/N`. All active devices have the same received
    amplitude :math:`\eta`, which is limited by the device with the weakest channel. Source: Zhu,
    Wang, Huang, "Broadband analog aggregation for low-latency federated edge learning", 2020. In
    contrast to this paper, the power is limited in each slot.

    Input
    -----
    h, h_hat : [num_slots, num_elements, num_rx_ant, num_devices], `tf.complex`
        Channel and its estimate

    error : broadcastable to [num_slots, num_elements, num_devices], `tf.float`
        Error variance of each coefficient

    truncation : `float`
        Energy :math:`\tau` below which a device does not send

    Output
    ------
    : `Alignment`
        Gains, active devices, amplitude and errors
    """
    devices = h.shape[-1]
    vector = combining_vector(h_hat)
    known = tf.einsum("snm,snmk->snk", tf.math.conj(vector), h_hat)
    true = tf.einsum("snm,snmk->snk", tf.math.conj(vector), h)
    power = energy(known)
    sends = (power >= truncation) & (power > 0)
    inverse = tf.where(sends, 1.0 / tf.where(sends, power, 1.0), 0.0)
    cost = tf.reduce_mean(inverse, 1, keepdims=True)  # transmit power for unit amplitude
    worst = tf.reduce_max(cost, -1)
    amplitude = tf.math.rsqrt(devices * tf.where(worst > 0, worst, 1.0))
    active = tf.cast(sends, power.dtype)
    inverted = tf.math.conj(known) * tf.cast(inverse, h.dtype)
    gains = tf.cast(amplitude[..., tf.newaxis], h.dtype) * inverted * true
    missed = tf.square(amplitude) * tf.reduce_sum(inverse * error, -1)
    return Alignment(gains, active, amplitude, missed)


def received_mean(
    x: tf.Tensor, noise: tf.Tensor, no: tf.Tensor, channel: Alignment
) -> tuple[tf.Tensor, tf.Tensor]:
    r"""Estimate of the mean of the symbols of active devices from their sum.

    .. math:: \hat{s} = \frac{1}{\eta N_a}\Big(\sum_k b_k g_k x_k + w\Big), \qquad
              N_\text{eff} = \frac{N_0 + \eta^2\sum_k |\hat{g}_k|^{-2} v_k}{\eta^2 N_a^2}

    where :math:`N_a` is the number of active devices. If no device is active, the received signal
    is noise, and ``no_eff`` is increased by one, the power of the missing symbols.

    Input
    -----
    x : [num_slots, num_elements, num_devices], `tf.complex`
        Symbols of unit power

    noise : [num_slots, num_elements], `tf.complex`
        Noise of power ``no``

    no : broadcastable to [num_slots, num_elements], `tf.float`
        Noise power

    channel : `Alignment`
        Channel inversion of the devices

    Output
    ------
    mean : [num_slots, num_elements], `tf.complex`
        Estimate of the mean

    no_eff : as ``mean``, `tf.float`
        Noise power left on it
    """
    count = tf.reduce_sum(channel.active, -1)
    scale = channel.amplitude * tf.maximum(count, 1.0)
    mean = (tf.reduce_sum(channel.gains * x, -1) + noise) / tf.cast(scale, x.dtype)
    lost = tf.cast(count <= 0, scale.dtype)
    return mean, (no + channel.missed) / tf.square(scale) + lost
