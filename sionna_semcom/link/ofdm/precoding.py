# SPDX-License-Identifier: Apache-2.0
"""Linear precoders of a single transmitter with unit total power."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.mimo import rzf_precoding_matrix

from ...channel.noise import antenna_energy, at_least, rounding
from ...channel.slots.channel import in_units, slot_energy
from ...channel.slots.source import SlotSource
from .equalization import NOISE_FLOOR
from .settings import OFDMSettings

CALIBRATION_SLOTS = 64  # slots in which the power of the precoded channel is measured
CALIBRATION_NOISE = 0.01


def spread_antennas(num_tx_ant: int, num_streams: int) -> list[int]:
    """Select an antenna for each stream, evenly spread over the array.

    In the cross-polarized arrays of this package, two streams have different polarizations.
    """
    return [stream * num_tx_ant // num_streams for stream in range(num_streams)]


def eigenmode_matrix(gram: tf.Tensor, num_streams: int) -> tf.Tensor:
    r"""The strongest eigenvectors of :math:`\mathbf{H}^\mathsf{H}\mathbf{H}`, with equal power.

    .. math:: \mathbf{G} = [\mathbf{v}_1, \dots, \mathbf{v}_S] / \sqrt{S}

    For one resource element, these are the right singular vectors of :math:`\mathbf{H}`. For an
    average over resource elements, these modes have the largest average energy.

    Input
    -----
    gram : [..., num_tx_ant, num_tx_ant], `tf.complex`
        Gram matrix of the channel, or its average

    num_streams : `int`
        Number of streams

    Output
    ------
    : [..., num_tx_ant, num_streams], `tf.complex`
        Precoding matrix, strongest mode first
    """
    _, vectors = tf.linalg.eigh(gram)  # eigenvalues ascend
    strongest = tf.reverse(vectors[..., -num_streams:], axis=[-1])
    return strongest / tf.cast(num_streams**0.5, gram.dtype)


def rzf_matrix(h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
    r"""Regularized zero-forcing with the regularization that maximizes the SINR.

    .. math:: \mathbf{G} \propto \mathbf{H}^\mathsf{H}
              (\mathbf{H}\mathbf{H}^\mathsf{H} + S N_0 \mathbf{I})^{-1}

    with columns of equal norm. The regularization is the number of streams divided by the SNR
    (Peel, Hochwald, Swindlehurst, "A vector-perturbation technique for near-capacity multiantenna
    multiuser communication", 2005).

    Input
    -----
    h : [..., num_rx_ant, num_tx_ant], `tf.complex`
        Channel

    no : broadcastable to [...], `tf.float`
        Noise power per receive antenna

    Output
    ------
    : [..., num_tx_ant, num_rx_ant], `tf.complex`
        Precoding matrix
    """
    num_streams = h.shape[-2]
    # the floor keeps the inverse of a rank-deficient channel finite without noise
    energy = antenna_energy(h) / h.shape[-1]
    alpha = at_least(num_streams * no, energy, rounding(NOISE_FLOOR, energy.dtype))
    precision = "double" if h.dtype == tf.complex128 else "single"
    return rzf_precoding_matrix(h, alpha, precision=precision) / tf.cast(num_streams**0.5, h.dtype)


class PrecodedChannel(Object):
    r"""Effective channel of the streams, the product of channel and precoder.

    .. math:: \tilde{\mathbf{H}} = \mathbf{H}\mathbf{G}, \qquad
              \lVert\mathbf{G}\rVert_F^2 = 1

    With unit-power symbols, the total transmit power per resource element is one. Without
    precoding, each stream has its own antenna. Otherwise the precoder is computed from the channel
    ``h``, or from ``known``.

    Parameters
    ----------
    settings : `OFDMSettings`
        Settings of the precoder, its granularity and the number of streams

    Input
    -----
    h : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Channel

    no : [] or [num_slots], `tf.float`
        Noise power per receive antenna

    known : `None` (default) | as ``h``
        Channel that the transmitter knows; by default ``h``

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`
        Precoded channel
    """

    def __init__(self, settings: OFDMSettings) -> None:
        super().__init__(precision=settings.precision)
        self.settings = settings
        self._antennas = spread_antennas(settings.num_tx_ant, settings.streams)

    @property
    def follows_noise(self) -> bool:
        """Whether the precoder depends on the noise power."""
        return self.settings.precoding == "rzf"

    def __call__(self, h: tf.Tensor, no: tf.Tensor, known: tf.Tensor | None = None) -> tf.Tensor:
        """Precode the channel ``h``."""
        if self.settings.precoding == "none":
            if len(self._antennas) < h.shape[4]:
                h = tf.gather(h, self._antennas, axis=4)
            return h * tf.cast(self.settings.streams**-0.5, h.dtype)
        matrices = _by_element(h)
        precoded = matrices @ self.matrix(matrices if known is None else _by_element(known), no)
        return tf.transpose(precoded, [0, 3, 4, 1, 2])[:, tf.newaxis, :, tf.newaxis]

    def spread(self, x: tf.Tensor, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Map the streams ``x`` to antennas with the precoder of the channel ``h``.

        ``x`` has shape [num_slots, 1, num_streams, num_ofdm_symbols, fft_size]. In the output, the
        axis of streams is replaced by the transmit antennas.
        """
        if self.settings.precoding == "none":
            feeds = np.eye(self.settings.num_tx_ant)[self._antennas] * len(self._antennas) ** -0.5
            return tf.einsum("bxstf,sa->bxatf", x, tf.constant(feeds, x.dtype))
        matrix = self.matrix(_by_element(h), no)
        sent = tf.linalg.matvec(matrix, tf.transpose(x[:, 0], [0, 2, 3, 1]))
        return tf.transpose(sent, [0, 3, 1, 2])[:, tf.newaxis]

    def matrix(self, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Precoding matrices [num_slots, T, F, num_tx_ant, num_streams].

        ``T`` and ``F`` are one if a precoder is used for the whole slot. ``h`` has shape
        [num_slots, num_ofdm_symbols, fft_size, num_rx_ant, num_tx_ant].
        """
        if self.settings.precoding == "rzf":
            return rzf_matrix(h, tf.reshape(no, [-1, 1, 1]))
        gram = tf.matmul(h, h, adjoint_a=True)
        if self.settings.granularity == "slot":
            gram = tf.reduce_mean(gram, axis=[1, 2], keepdims=True)
        return eigenmode_matrix(gram, self.settings.streams)


def _by_element(h: tf.Tensor) -> tf.Tensor:
    """Channel matrices [num_slots, num_ofdm_symbols, fft_size, num_rx_ant, num_tx_ant]."""
    return tf.transpose(h[:, 0, :, 0], [0, 3, 4, 1, 2])


def stream_powers(precode: PrecodedChannel, channel: Callable[[int], tf.Tensor]) -> np.ndarray:
    """Mean energies [num_streams] of the effective channel in slots of unit energy.

    With precoding, they are measured.
    """
    settings = precode.settings
    if settings.precoding == "none":
        return np.full(settings.streams, 1.0 / settings.streams)
    h = channel(CALIBRATION_SLOTS)
    if isinstance(channel, SlotSource) and not channel.has_unit_energy:
        h = in_units(h, tf.sqrt(slot_energy(h)))
    slots = precode(h, CALIBRATION_NOISE)
    found: np.ndarray = np.mean(np.abs(slots.numpy()) ** 2, axis=(0, 1, 2, 3, 5, 6))
    return found
