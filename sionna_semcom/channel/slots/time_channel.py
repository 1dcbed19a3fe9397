# SPDX-License-Identifier: Apache-2.0
"""Channels in the time domain: taps, filtering of slots, and the resulting effective channel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object
from sionna.phy.ofdm import OFDMDemodulator, OFDMModulator

from .settings import SlotSettings
from .source import SlotSource
from .waveform import Waveform, waveform


class TimeSlots(NamedTuple):
    """Channels of independent slots in the time domain."""

    taps: tf.Tensor
    """[num_slots, num_rx_ant, num_tx_ant, num_steps, num_taps], at each known time."""
    h: tf.Tensor
    """[num_slots, 1, num_rx_ant, 1, num_tx_ant, delay + num_ofdm_symbols, fft_size], effective
    channel of each resource element over the receiver's window."""


class TimeChannel(Object):
    r"""Filters OFDM slots with tapped delay lines whose taps change from sample to sample.

    .. math::

        y_b = \sum_\ell h_{b,\ell}\, x_{b-\ell}, \qquad
        h_{b,\ell} = \sum_p a_p(b/W)\, \mathrm{sinc}(\ell - W\tau_p)

    The taps equal those of Sionna's :func:`~sionna.phy.channel.cir_to_time_channel`. The output
    equals that of :class:`~sionna.phy.channel.ApplyTimeChannel` for coefficients that are
    interpolated linearly between the known times. Intermediate products of all paths, taps and
    samples are avoided: between two known times, a block of samples is a product of two matrices.
    The waveform is that of Sionna's :class:`~sionna.phy.ofdm.OFDMModulator` and
    :class:`~sionna.phy.ofdm.OFDMDemodulator`.

    The slot is extended periodically: late paths carry the end of the last OFDM symbol into the
    first one, which models interference from the preceding slot.

    The effective channel of a resource element is the mean of the frequency response over the
    receiver's window, without the samples of late paths that belong to other OFDM symbols:

    .. math::

        h_{s,n} = \sum_\ell e^{-j 2\pi n\ell/N}\, \frac{1}{N}
                  \sum_{b\,\in\,\mathcal{W}_s:\; b-\ell\,\in\,\mathcal{S}_s} h_{b,\ell}

    with the window :math:`\mathcal{W}_s` and the samples :math:`\mathcal{S}_s` of OFDM symbol
    :math:`s`. Everything else is interference between subcarriers and OFDM symbols.

    Parameters
    ----------
    settings : `SlotSettings`
        Grid, oversampling and the receiver's window

    max_delay : `float`
        Longest path delay [s]; taps end six samples later

    delay : `int`
        OFDM symbols before the slot, in which the source has drawn paths as well

    Input
    -----
    source : `SlotSource`
        Source of the paths

    num_slots : `int` or [], `tf.int32`
        Slots to draw

    Output
    ------
    : `TimeSlots`
        Taps and effective channel
    """

    def __init__(self, settings: SlotSettings, max_delay: float, delay: int = 0) -> None:
        super().__init__(precision=settings.precision)
        self.waveform: Waveform = waveform(settings)
        sizes = self.waveform
        self._lags = sizes.lags(max_delay)
        self._carriers = settings.fft_size
        carriers = np.arange(settings.fft_size) - settings.fft_size // 2
        turns = np.exp(-2j * np.pi * np.outer(self._lags, carriers) / sizes.fft_size)
        self._turns = tf.constant(turns, self.cdtype)
        drawn = waveform(settings, delay + settings.num_ofdm_symbols)
        self._window = tf.constant(drawn.window_weights(self._lags), self.cdtype)
        self._of_slot: tf.Tensor | None = None
        if delay:
            at = delay * sizes.symbol + sizes.stride * np.arange(sizes.num_steps)
            self._of_slot = tf.constant(drawn.weights(at), self.cdtype)
        share = np.arange(sizes.stride)[:, np.newaxis] / sizes.stride
        self._share = tf.constant(share, self.cdtype)
        self._modulate = OFDMModulator(sizes.prefix, precision=self.precision)
        self._demodulate = OFDMDemodulator(
            sizes.fft_size, -sizes.advance, sizes.prefix, precision=self.precision
        )

    def __call__(self, source: Any, num_slots: int | tf.Tensor) -> TimeSlots:
        """Draw the channel of ``num_slots`` slots."""
        if not isinstance(source, SlotSource):
            raise ValueError(
                "with `domain`='time', `channel` must be a source of paths, not a function that "
                f"returns frequency responses. Received: {type(source).__name__}"
            )
        return self.of_paths(*source.paths(num_slots))

    def kept(self, source: SlotSource, rows: tf.Tensor) -> TimeSlots:
        """Channels of the slots ``rows`` of a pool or a file."""
        return self.of_paths(*source.kept_paths(rows))

    def of_paths(self, a: tf.Tensor, tau: tf.Tensor) -> TimeSlots:
        """Channels of paths in the format of `SlotSource.paths`."""
        lags = tf.constant(self._lags, self.rdtype)
        delays = self.waveform.bandwidth * tau[:, 0, 0]
        pulses = tf.experimental.numpy.sinc(lags - delays[:, tf.newaxis, tf.newaxis, :, tf.newaxis])
        taps = tf.matmul(a[:, 0, :, 0], tf.cast(pulses, self.cdtype), transpose_a=True)
        taps = tf.stop_gradient(taps)  # a channel has no weights
        seen = tf.einsum("skl,brtkl->brtsl", self._window, taps)
        h = tf.tensordot(seen, self._turns, 1)
        if self._of_slot is not None:
            taps = tf.matmul(self._of_slot, taps)
        return TimeSlots(taps, h[:, tf.newaxis, :, tf.newaxis])

    def send(self, x: tf.Tensor, taps: tf.Tensor) -> tf.Tensor:
        """Filter the grids ``x`` of all antennas with ``taps``.

        Input
        -----
        x : [num_slots, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
            Transmitted signal

        taps : [num_slots, num_rx_ant, num_tx_ant, num_steps, num_taps], `tf.complex`
            Channel

        Output
        ------
        : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
            Received signal without noise
        """
        sizes = self.waveform
        above = sizes.fft_size - self._carriers - sizes.first
        wide = tf.pad(x[:, 0], [[0, 0], [0, 0], [0, 0], [sizes.first, above]])
        y = self._filtered(self._modulate(wide), taps)
        early = tf.pad(y, [[0, 0], [0, 0], [sizes.advance, 0]])[..., : sizes.samples]
        grid = self._demodulate(early)[:, tf.newaxis]
        return grid[..., sizes.first : sizes.first + self._carriers]

    def _filtered(self, x: tf.Tensor, taps: tf.Tensor) -> tf.Tensor:
        """Filter ``x`` [num_slots, num_tx_ant, samples] with ``taps``."""
        sizes, lags = self.waveform, self._lags
        longest = int(lags[-1])
        around = tf.concat([x[..., sizes.samples - longest :], x, x[..., : -int(lags[0])]], -1)
        begins = [longest - int(lag) for lag in lags]
        frames = tf.stack([around[..., at : at + sizes.samples] for at in begins], -1)
        blocks, stride = sizes.num_steps - 1, sizes.stride
        missing = blocks * stride - sizes.samples
        frames = tf.pad(frames, [[0, 0], [0, 0], [0, missing], [0, 0]])
        tx, rx, num_taps = taps.shape[2], taps.shape[1], len(lags)
        frames = tf.reshape(frames, [-1, tx, blocks, stride, num_taps])
        frames = tf.reshape(
            tf.transpose(frames, [0, 2, 3, 1, 4]), [-1, blocks, stride, tx * num_taps]
        )
        steps = tf.transpose(taps, [0, 3, 2, 4, 1])
        steps = tf.reshape(steps, [-1, sizes.num_steps, tx * num_taps, rx])
        before, after = tf.matmul(frames, steps[:, :-1]), tf.matmul(frames, steps[:, 1:])
        y = before + self._share * (after - before)
        y = tf.reshape(y, [-1, blocks * stride, rx])[:, : sizes.samples]
        return tf.transpose(y, [0, 2, 1])
