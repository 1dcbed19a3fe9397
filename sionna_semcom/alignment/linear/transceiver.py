# SPDX-License-Identifier: Apache-2.0
"""Linear precoder and decoder, factored into semantic modes and channel modes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..aligner import by_row, to_complex, to_real
from .channel_modes import ChannelModes
from .semantic_modes import SemanticModes


def padded_weights(semantic: SemanticModes, size: int) -> NDArray[np.float64]:
    """First ``size`` semantic singular values, padded with zeros."""
    weights = semantic.weights[:size]
    return np.pad(weights, [0, size - len(weights)])


class LinearTransceiver(NamedTuple):
    r"""Linear precoder and decoder for given channels.

    .. math::

        \mathbf{x}_b = \mathbf{V}_b\,\mathrm{diag}(\sqrt{p_{b,i}})\,\mathbf{z}_b, \qquad
        \hat z_{b,i} = \frac{\sqrt{p_{b,i}}}{\sigma_{b,i}^2 p_{b,i} + N_b}
        \left[(\mathbf{H}_b\mathbf{V}_b)^\mathsf{H}\mathbf{y}_b\right]_i

    Each mode carries ``fold`` coefficients: one complex coefficient, or two real coefficients in
    its real and imaginary part with half the noise power each.

    Parameters
    ----------
    semantic : `SemanticModes`
        The two latent spaces
    channel : `ChannelModes`
        The channels, in whitened noise
    whitener : `None` | [..., 1, N_R, N_R], `tf.complex`
        Whitens colored noise
    place : [..., B, n], `tf.int32`
        Index of the semantic coefficients of each mode, in descending order of their strength
    powers : [..., B, n, fold], `tf.float`
        Power of each coefficient
    noise : [..., B], `tf.float`
        Noise power, including channel errors
    """

    semantic: SemanticModes
    channel: ChannelModes
    whitener: tf.Tensor | None
    place: tf.Tensor
    powers: tf.Tensor
    noise: tf.Tensor

    @property
    def objective(self) -> tf.Tensor:
        """Expected squared error in the metric, [...], averaged over noise and channel errors.

        For complex-linear forms with an odd number of target features, it includes the imaginary
        part of the last complex number. This part is zero, and :meth:`decode` discards its
        estimate. The error of the features is therefore smaller, by 1 to 3 % for few features.
        """
        weights = padded_weights(self.semantic, self._num_coefficients)
        weights = tf.constant(weights.reshape(-1, self._fold), self.powers.dtype)
        snr = self.channel.gains[..., tf.newaxis] * self.powers / self._noise
        lowered = tf.gather(weights, self.place) ** 2 * snr / (1.0 + snr)
        return self.semantic.target_power - tf.reduce_sum(lowered, (-3, -2, -1))

    def in_noise(self, no: tf.Tensor, error_variance: tf.Tensor) -> LinearTransceiver:
        """Same precoder with a decoder for additional noise from channel errors."""
        power = tf.reduce_sum(self.powers, (-2, -1))
        return self._replace(noise=no + error_variance * power)

    def or_better(self, other: LinearTransceiver) -> LinearTransceiver:
        """For each channel, the pair with the lower error: this one or ``other``."""
        better = other.objective < self.objective

        def pick(name: str) -> tf.Tensor:
            own, others = getattr(self, name), getattr(other, name)
            missing = [1] * (own.shape.rank - better.shape.rank)
            return tf.where(
                tf.reshape(better, [*tf.unstack(tf.shape(better)), *missing]), others, own
            )

        return self._replace(**{name: pick(name) for name in ("place", "powers", "noise")})

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        rdtype = self.powers.dtype
        centered = tf.cast(latents, rdtype) - tf.constant(self.semantic.mean_tx, rdtype)
        if self.semantic.is_complex:
            centered = to_complex(centered)
        encoder = self.semantic.encoder[:, : self._num_coefficients].conj()
        z = by_row(centered, tf.constant(encoder, centered.dtype))
        unused = self._num_coefficients - encoder.shape[-1]
        z = tf.pad(z, [[0, 0]] * (z.shape.rank - 1) + [[0, unused]])
        z = tf.reshape(z, tf.concat([tf.shape(z)[:-1], [-1, self._fold]], 0))
        z = self._gather(z, self.place) * tf.cast(_for_each(self._amplitudes), z.dtype)
        symbols = z[..., 0] if z.dtype.is_complex else tf.complex(z[..., 0], z[..., 1])
        return tf.linalg.matvec(_for_each(self.channel.transmit), symbols)

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [..., L, B, N_R] to the receiver's latents [..., L, m]."""
        rdtype = self.powers.dtype
        if self.whitener is not None:
            y = tf.linalg.matvec(_for_each(self.whitener), y)
        z = tf.linalg.matvec(_for_each(self.channel.receive), y, adjoint_a=True)
        z = z[..., tf.newaxis]
        if not self.semantic.is_complex:
            z = tf.concat([tf.math.real(z), tf.math.imag(z)], -1)
        level = self.channel.gains[..., tf.newaxis] * self.powers + self._noise
        gain = self._amplitudes / level
        z = self._gather(z * tf.cast(_for_each(gain), z.dtype), self._order)
        z = tf.reshape(z, tf.concat([tf.shape(z)[:-3], [self._num_coefficients]], 0))
        decoder = self.semantic.decoder[: self._num_coefficients]
        latents = by_row(z[..., : len(decoder)], tf.constant(decoder, z.dtype))
        if self.semantic.is_complex:
            latents = to_real(latents, len(self.semantic.mean_rx))
        return latents + tf.constant(self.semantic.mean_rx, rdtype)

    @property
    def _fold(self) -> int:
        return int(self.powers.shape[-1])

    @property
    def _num_coefficients(self) -> int:
        return int(np.prod(self.powers.shape[-3:]))

    @property
    def _amplitudes(self) -> tf.Tensor:
        """Square roots of the powers, with zero gradient at zero."""
        used = self.powers > 0
        return tf.where(used, tf.sqrt(tf.where(used, self.powers, 1.0)), 0.0)

    @property
    def _noise(self) -> tf.Tensor:
        """Noise power per coefficient, [..., B, 1, 1]."""
        return self.noise[..., tf.newaxis, tf.newaxis] / self._fold

    @property
    def _order(self) -> tf.Tensor:
        """Mode of each semantic coefficient, [..., 1, B * n]."""
        modes = [1, self._num_coefficients // self._fold]
        return tf.argsort(tf.reshape(self.place, tf.concat([tf.shape(self.place)[:-2], modes], 0)))

    def _gather(self, z: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        """Select coefficients [..., L, *, *, fold] of each latent by ``index``."""
        flat = tf.reshape(z, tf.concat([tf.shape(z)[: index.shape.rank - 1], [-1, self._fold]], 0))
        return tf.gather(flat, index, axis=-2, batch_dims=index.shape.rank - 2)


def _for_each(tensor: tf.Tensor) -> tf.Tensor:
    """Insert the axis of the latents of a group before the last three axes."""
    return tf.expand_dims(tensor, -4)
