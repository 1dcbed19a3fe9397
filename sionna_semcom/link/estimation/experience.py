# SPDX-License-Identifier: Apache-2.0
"""What a receiver has seen of its channel: known symbols that were sent over many slots."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from sionna.phy.block import Object

from ...channel.noise import energy
from ...channel.slots.channel import in_units, received
from ...channel.slots.randomness import own_randomness
from .learned_error import Estimator

SEEN_SLOTS = 256
MIN_SLOTS = 32
MAX_SEEN = 2**24  # complex numbers, 128 MiB
CHUNK = 32
MOST_SLOTS = 2048  # of a pool or a file, in which errors are learned
MOST_FRESH = 4096  # where each slot is another one
MAX_FRESH = 2**25  # complex numbers in them, 256 MiB
FIRST_SLOTS = 128
PRECISE = 0.01  # standard error of a mean that needs no more slots


def seen_count(values: int, most: int = SEEN_SLOTS, memory: int = MAX_SEEN) -> int:
    """Slots to see where one has so many complex numbers; fewer of large ones, which show more."""
    return int(np.clip(memory // values, MIN_SLOTS, most))


class Slots(NamedTuple):
    """Slots that came without noise, in unit energy."""

    symbols: tf.Tensor
    """[num_slots, num_streams, num_data_symbols], `tf.complex`: known symbols."""
    y: tf.Tensor
    """[num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`: what was received."""
    h: tf.Tensor | None
    """[num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`: what
    the streams see; none if the receiver does not."""
    left: tf.Tensor
    """[fft_size], `tf.float`: mean power that the streams do not explain."""


def slots_of(
    symbols: tf.Tensor, x: tf.Tensor, y: tf.Tensor, h: tf.Tensor, gain: tf.Tensor | None
) -> Slots:
    """Known symbols, the grids ``x`` that hold them, and what became of these, in unit energy."""
    if gain is not None:
        y, h = in_units(y, tf.sqrt(gain)), in_units(h, tf.sqrt(gain))
    left = tf.reduce_mean(energy(y - received(x, h)), axis=[0, 1, 2, 3])
    return Slots(symbols, y, h, left)


class Experience:
    """Slots with known symbols, always the same ones, of which more are seen where they differ.

    Parameters
    ----------
    draw : callable
        From a number of slots, or rows of those that are kept, to their channels

    send : callable
        From channels to `Slots`

    most : `int`
        Slots to see at most

    num_kept : `int` | `None`
        Slots of a pool or a file, of which rows are seen in an order that is random but fixed;
        none: fresh ones
    """

    def __init__(
        self,
        draw: Callable[[Any], Any],
        send: Callable[[Any], Slots],
        most: int,
        num_kept: int | None,
    ) -> None:
        self._draw, self._seen = draw, list[Slots]()
        self._send = tf.function(send, autograph=False)
        self._is_kept = num_kept is not None
        self._asked: list[Any] = [CHUNK] * -(-most // CHUNK)
        if num_kept is not None:
            rows = np.linspace(0, num_kept - 1, min(most, num_kept)).astype(np.int32)
            rows = np.tile(rows, -(-FIRST_SLOTS // len(rows)))  # a small pool meets more noise
            rows = np.random.default_rng(0).permutation(rows)
            self._asked = np.split(rows, range(CHUNK, len(rows), CHUNK))

    def __iter__(self) -> Iterator[Slots]:
        for number, asked in enumerate(self._asked):
            if number == len(self._seen):
                with own_randomness(_seed(number)):
                    self._seen.append(self._send(self._draw(asked)))
            yield self._seen[number]

    def interference(self, used: np.ndarray) -> tf.Tensor:
        """Mean power of what the streams do not explain, on the subcarriers ``used``."""
        seen = list(self if self._is_kept else itertools.islice(self, FIRST_SLOTS // CHUNK))
        sizes = tf.constant([float(len(slots.y)) for slots in seen], seen[0].left.dtype)
        mean = tf.linalg.matvec(
            tf.stack([slots.left for slots in seen], 1), sizes / tf.reduce_sum(sizes)
        )
        return tf.gather(mean, used)

    def error_ratio(self, receive: Callable[[Slots, Estimator, tf.Tensor], tf.Tensor]) -> Any:
        """Squared error over ``no_eff`` of an estimator at an SNR [dB], as `LearnedError` asks.

        ``receive`` gives it for slots, an estimator and a noise power.
        """
        receive = tf.function(receive, autograph=False)

        def ratio(estimate: Estimator, snr_db: float) -> tf.Tensor:
            parts, means = [], np.zeros(0)
            for slots in self:
                no = tf.constant(10.0 ** (-snr_db / 10.0), slots.y.dtype.real_dtype)
                parts.append(receive(slots, estimate, no))
                means = np.append(means, tf.reduce_mean(parts[-1], axis=[1, 2]))
                enough = np.std(means) < PRECISE * len(means) ** 0.5
                if len(means) >= FIRST_SLOTS and enough:
                    break
            return tf.concat(parts, axis=0)

        return ratio


def _seed(number: int) -> int:
    """Seed of a chunk, far from others: those of neighbors draw nearly the same numbers."""
    return int(np.random.SeedSequence(number).generate_state(1, np.uint64)[0] >> 1)


class WithInterference(Object):
    r"""Adds the power of interference to the error variance of an estimate.

    Between subcarriers and OFDM symbols, it is noise beside :math:`N_0`: at the pilots, and of the
    power :math:`I_n` at each antenna on subcarrier :math:`n`, which errors of :math:`I_n/S` of each
    of :math:`S` streams stand for.

    Parameters
    ----------
    estimate : callable
        Estimator, from what is received and a noise power to estimate and error variance

    interference : [num_subcarriers], `tf.float`
        Power :math:`I_n` in units of the energy of the channel

    num_streams : `int`
        Streams

    Input
    -----
    observed : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        What the estimator is given

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Estimate, and its error variance
    """

    def __init__(
        self,
        estimate: Estimator,
        interference: tf.Tensor,
        num_streams: int,
        precision: Any = None,
    ) -> None:
        super().__init__(precision=precision)
        self._estimate = estimate
        self._mean = tf.reduce_mean(interference)
        shares = tf.ones([num_streams, 1, 1], self.rdtype) * interference / num_streams
        self._shares = shares[tf.newaxis, tf.newaxis, tf.newaxis, tf.newaxis]

    def __call__(self, observed: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate at the noise power ``no``."""
        h_hat, err_var = self._estimate(observed, no + self._mean)
        return h_hat, err_var + self._shares
