# SPDX-License-Identifier: Apache-2.0
"""Neural precoders and decoders for one channel (as in the paper) and for all channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from ..._networks import perceptron
from ...channel.noise import at_least, check_finite, energy, noise_power
from ...mapping import LatentMapper
from ..aligner import by_row, to_complex, to_real
from ..linear.channel_modes import ChannelModes, channel_modes, mean_energy
from ..linear.semantic_modes import SemanticModes, semantic_modes
from ..statistics import PilotStatistics
from .complex_layers import ComplexDense, on_magnitude

_Self = TypeVar("_Self", bound="_NeuralAligner")

NOISE_FLOOR = 1e-6  # relative to the energy of a coefficient; lower bound in training


class _NeuralAligner(keras.layers.Layer):
    """Base class with whitened inputs and outputs in units of the target's standard deviation."""

    def __init__(self, statistics: PilotStatistics, modes: SemanticModes, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mean_tx = self._constant(statistics.mean_tx, "mean_tx")
        self.mean_rx = self._constant(statistics.mean_rx, "mean_rx")
        self.spread = float(np.sqrt(np.trace(statistics.cov_rx) / len(statistics.mean_rx)))
        parts = [modes.encoder.real]
        if modes.is_complex:
            parts.append(-modes.encoder.imag)  # the adjoint is applied
        self.whitener = [self._constant(part, f"whitener_{n}") for n, part in enumerate(parts)]

    @classmethod
    def from_pilots(
        cls: type[_Self], tx: ArrayLike, rx: ArrayLike, *sizes: Any, **options: Any
    ) -> _Self:
        """Build the aligner from pilots ``tx`` [n, d] and ``rx`` [n, m] instead of their moments.

        Further arguments are passed to the constructor.
        """
        return cls(PilotStatistics.of(tx, rx), *sizes, **options)

    def _constant(self, value: np.ndarray, name: str) -> keras.Variable:
        initial = keras.initializers.Constant(value.astype(np.float32))
        return self.add_weight(value.shape, initial, trainable=False, name=name)

    def whiten(self, latents: tf.Tensor) -> tf.Tensor:
        """Semantic coefficients of ``latents`` [..., d], uncorrelated and with unit variance."""
        centered = tf.cast(latents, tf.float32) - self.mean_tx
        if len(self.whitener) == 1:
            return by_row(centered, tf.convert_to_tensor(self.whitener[0]))
        return by_row(to_complex(centered), tf.complex(*map(tf.convert_to_tensor, self.whitener)))


class ComplexAligner(_NeuralAligner):
    r"""Neural aligner of the paper: complex multilayer perceptrons, trained for one channel.

    .. math:: \hat{\mathbf{y}} = g_\psi(\mathbf{H} f_\theta(\mathbf{x}) + \mathbf{v}), \qquad
              \lVert f_\theta(\mathbf{x})\rVert^2 = B

    Each perceptron has one hidden layer with one unit per pair of features of the latent, and GELU
    on the magnitude. The weights depend on the channel. A new channel requires new training.

    Source: Pandolfo et al., 2025, section III.B.

    Parameters
    ----------
    statistics : `PilotStatistics`
        Moments of the pilots, for whitening
    num_elements : `int`
        Resource elements :math:`B`
    num_tx_ant : `int`
        Transmit antennas
    num_rx_ant : `int`
        Receive antennas
    kwargs :
        ``name``, ``dtype`` and ``trainable``, as for any Keras layer
    """

    def __init__(
        self,
        statistics: PilotStatistics,
        num_elements: int,
        num_tx_ant: int,
        num_rx_ant: int,
        **kwargs: Any,
    ) -> None:
        modes = semantic_modes(statistics, "complex_linear")
        super().__init__(statistics, modes, **kwargs)
        pairs = [-(-len(mean) // 2) for mean in (statistics.mean_tx, statistics.mean_rx)]
        self._antennas = (num_elements, num_tx_ant)
        self._received = (num_elements, num_rx_ant)
        self.precoder = [ComplexDense(pairs[0]), ComplexDense(num_elements * num_tx_ant)]
        self.decoder = [ComplexDense(pairs[1]), ComplexDense(pairs[1])]
        for stack, size in zip(
            (self.precoder, self.decoder),
            (modes.encoder.shape[1], num_elements * num_rx_ant),
            strict=True,
        ):
            stack[0].build((None, size))
            stack[1].build((None, stack[0].units))

    def design(
        self, h: tf.Tensor, no: tf.Tensor, error_variance: tf.Tensor | float = 0.0
    ) -> ComplexAligner:
        """Return the same networks for all channels ``h`` [..., B, N_R, N_T].

        Raises
        ------
        ValueError
            If the size of ``h`` does not match the networks
        """
        (elements, receive), transmit = self._received, self._antennas[1]
        if not h.shape[-3:].is_compatible_with([elements, receive, transmit]):
            raise ValueError(
                f"`h` must have shape [..., {elements}, {receive}, {transmit}], which the networks "
                f"are built for. Received: {h.shape}"
            )
        return self

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., d] to antenna symbols [..., B, N_T]."""
        x = _perceptron(self.precoder, self.whiten(latents))
        power = tf.reduce_sum(energy(x), -1, keepdims=True)
        scale = tf.sqrt(self._antennas[0] / tf.where(power > 0, power, 1.0))
        return _split(x * tf.cast(scale, x.dtype), self._antennas)

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [..., B, N_R] to the receiver's latents [..., m]."""
        y = tf.cast(y, tf.complex64)
        y = tf.reshape(y, tf.concat([tf.shape(y)[:-2], [y.shape[-2] * y.shape[-1]]], 0))
        latents = to_real(_perceptron(self.decoder, y), self.mean_rx.shape[0])
        return self.mean_rx + self.spread * latents


class EigenbasisAligner(_NeuralAligner):
    r"""Neural aligner for all channels, which operates in the eigenbasis of the channel.

    .. math::

        \mathbf{x}_b = \mathbf{V}_b\, f_\theta(\mathbf{z}, \boldsymbol\gamma)_b, \qquad
        \hat{\mathbf{y}} = g_\psi\!\left(\hat{\mathbf{u}}, \boldsymbol\gamma\right), \qquad
        \gamma_{b,i} = \frac{\sigma_{b,i}^2}{N_b}, \qquad \sum_b \lVert\mathbf{x}_b\rVert^2 = B

    With :math:`\mathbf{H}_b = \mathbf{U}_b\mathbf{\Sigma}_b\mathbf{V}_b^\mathsf{H}`, the precoder
    transmits along the right singular vectors. The decoder receives MMSE estimates
    :math:`\hat{\mathbf{u}}` after the projection :math:`\mathbf{U}_b^\mathsf{H}`. The channel is
    thus described by the SNRs :math:`\gamma` of its eigenmodes, which are inputs of both networks
    in dB. The networks are trained over random channels and need no training for a new channel. The
    distribution of Gaussian channels is the same in any basis, so there is no loss.

    MMSE estimates assume that each symbol has an equal share of the power. The power constraint
    holds for each latent.

    Parameters
    ----------
    statistics : `PilotStatistics`
        Moments of the pilots, for whitening
    num_elements : `int`
        Resource elements :math:`B`
    num_modes : `int`
        Eigenmodes per resource element, :math:`\min(N_R, N_T)`
    precoder_units : sequence of `int`
        Hidden layers of the precoder
    decoder_units : sequence of `int`
        Hidden layers of the decoder
    kwargs :
        ``name``, ``dtype`` and ``trainable``, as for any Keras layer
    """

    def __init__(
        self,
        statistics: PilotStatistics,
        num_elements: int,
        num_modes: int,
        precoder_units: Sequence[int] = (512, 512),
        decoder_units: Sequence[int] = (768, 768),
        **kwargs: Any,
    ) -> None:
        modes = semantic_modes(statistics)
        super().__init__(statistics, modes, **kwargs)
        total = num_elements * num_modes
        self._shape = (num_elements, num_modes)
        self._mapper = LatentMapper()
        self.precoder = perceptron(modes.encoder.shape[1] + total, precoder_units, 2 * total)
        self.decoder = perceptron(3 * total, decoder_units, len(statistics.mean_rx))

    def design(
        self, h: tf.Tensor, no: tf.Tensor, error_variance: tf.Tensor | float = 0.0
    ) -> EigenbasisTransceiver:
        """Return the networks in the eigenbasis of ``h`` [..., B, N_R, N_T].

        Raises
        ------
        ValueError
            If the resource elements or eigenmodes of ``h`` do not match the networks
        """
        elements, modes = self._shape
        if (h.shape[-3], min(h.shape[-2:])) != self._shape:
            raise ValueError(
                f"`h` must have shape [..., {elements}, N_R, N_T] with min(N_R, N_T) = {modes}, "
                f"which the networks are built for. Received: {h.shape}"
            )
        check_finite(h=h)
        channel = channel_modes(tf.cast(h, tf.complex64))
        noise = noise_power(no, channel.gains.dtype)[..., tf.newaxis, tf.newaxis]
        noise += tf.cast(error_variance, noise.dtype)[..., tf.newaxis]
        mean = mean_energy(h)[..., tf.newaxis, tf.newaxis]
        noise = at_least(noise, tf.cast(mean, noise.dtype), NOISE_FLOOR)
        noise += tf.zeros_like(channel.gains)
        return EigenbasisTransceiver(self, channel, noise)

    def write(self, latents: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """Map latents [..., d] and SNRs [..., B * n] to symbols on the eigenmodes [..., B, n]."""
        outputs = each_row(self.precoder, tf.concat([self.whiten(latents), state], -1))
        symbols = tf.cast(self._mapper(outputs), tf.complex64) / self._shape[1] ** 0.5
        return _split(symbols, self._shape)

    def read(self, estimates: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """Map estimated symbols [..., B, n] to the receiver's latents [..., m]."""
        shape = tf.concat([tf.shape(estimates)[:-2], [self._shape[0] * self._shape[1]]], 0)
        flat = tf.reshape(estimates, shape)
        inputs = tf.concat([tf.math.real(flat), tf.math.imag(flat), state], -1)
        return self.mean_rx + self.spread * each_row(self.decoder, inputs)


class EigenbasisTransceiver(NamedTuple):
    """:class:`EigenbasisAligner` in the eigenbasis of given channels."""

    aligner: EigenbasisAligner
    channel: ChannelModes
    noise: tf.Tensor

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        symbols = self.aligner.write(latents, self._state(latents))
        return tf.linalg.matvec(tf.expand_dims(self.channel.transmit, -4), symbols)

    def decode(self, y: tf.Tensor) -> tf.Tensor:
        """From received symbols [..., L, B, N_R] to the receiver's latents [..., L, m]."""
        y = tf.cast(y, tf.complex64)
        matched = tf.linalg.matvec(tf.expand_dims(self.channel.receive, -4), y, adjoint_a=True)
        num_modes = self.channel.gains.shape[-1]
        scale = num_modes**0.5 / (self.channel.gains + num_modes * self.noise)
        estimates = matched * tf.cast(tf.expand_dims(scale, -3), matched.dtype)
        return self.aligner.read(estimates, self._state(y[..., 0]))

    def _state(self, like: tf.Tensor) -> tf.Tensor:
        """SNRs of the modes in units of 20 dB, for each latent of ``like`` [..., L, *]."""
        snr = 0.5 * tf.math.log(tf.maximum(self.channel.gains / self.noise, 1e-3)) / np.log(10.0)
        snr = tf.reshape(
            snr, tf.concat([tf.shape(snr)[:-2], [1, snr.shape[-2] * snr.shape[-1]]], 0)
        )
        return tf.repeat(snr, tf.shape(like)[-2], axis=-2)


def each_row(network: keras.Model, inputs: tf.Tensor) -> tf.Tensor:
    """Apply ``network`` for matrices along the last axis."""
    outputs = network(tf.reshape(inputs, [-1, inputs.shape[-1]]))
    return tf.reshape(outputs, tf.concat([tf.shape(inputs)[:-1], outputs.shape[-1:]], 0))


def _perceptron(stack: Sequence[ComplexDense], inputs: tf.Tensor) -> tf.Tensor:
    for layer in stack[:-1]:
        inputs = on_magnitude(layer(inputs))
    return stack[-1](inputs)


def _split(symbols: tf.Tensor, shape: tuple[int, int]) -> tf.Tensor:
    """Split the last axis into resource elements and antennas or modes."""
    return tf.reshape(symbols, tf.concat([tf.shape(symbols)[:-1], shape], 0))
