# SPDX-License-Identifier: Apache-2.0
"""Calibration slots with known symbols, in which a receiver learns its estimation error."""

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
MOST_SLOTS = 2048  # of a pool or a file
MOST_FRESH = 4096  # if each slot is a new realization
MAX_FRESH = 2**25  # complex numbers, 256 MiB
FIRST_SLOTS = 128
PRECISE = 0.01  # standard error of the mean at which sampling stops
INTERFERENCE_SNR_DB = 20.0  # SNR of the precoders for which interference is measured


def seen_count(values: int, most: int = SEEN_SLOTS, memory: int = MAX_SEEN) -> int:
    """Number of slots of ``values`` complex numbers each, limited by ``most`` and ``memory``."""
    return int(np.clip(memory // values, MIN_SLOTS, most))


class Slots(NamedTuple):
    """Slots without noise, normalized to unit energy."""

    symbols: tf.Tensor
    """[num_slots, num_streams, num_data_symbols], `tf.complex`: known symbols."""
    y: tf.Tensor
    """[num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`: received signal."""
    h: tf.Tensor | None
    """[num_slots, 1, num_rx_ant, 1, num_streams, num_ofdm_symbols, fft_size], `tf.complex`:
    effective channel, or `OldChannel`; `None` if the receiver does not know it."""
    left: tf.Tensor
    """[fft_size], `tf.float`: mean interference power."""


def slots_of(
    symbols: tf.Tensor, x: tf.Tensor, y: tf.Tensor, h: tf.Tensor, gain: tf.Tensor | None
) -> Slots:
    """`Slots` of known symbols, transmitted grids ``x`` and received grids ``y``."""
    if gain is not None:
        y, h = in_units(y, tf.sqrt(gain)), in_units(h, tf.sqrt(gain))
    left = tf.reduce_mean(energy(y - received(x, h)), axis=[0, 1, 2, 3])
    return Slots(symbols, y, h, left)


class Experience:
    """Fixed sequence of calibration slots with known symbols.

    More slots are used if the errors vary more between slots.

    Parameters
    ----------
    draw : callable
        Maps a number of slots, or the rows of stored slots, to channels

    send : callable
        Maps channels and the noise power of precoders to `Slots`

    most : `int`
        Maximum number of slots

    num_kept : `int` | `None`
        Number of stored slots of a pool or a file, which are used in a fixed random order; `None`
        if slots are new realizations

    follows_noise : `bool`
        Whether precoders depend on the noise power; slots are then sent for each SNR
    """

    def __init__(
        self,
        draw: Callable[[Any], Any],
        send: Callable[[Any, tf.Tensor], Slots],
        most: int,
        num_kept: int | None,
        follows_noise: bool = False,
    ) -> None:
        self._draw, self._seen = draw, dict[float | None, list[Slots]]()
        self._send = tf.function(send, autograph=False)
        self._is_kept, self._follows_noise = num_kept is not None, follows_noise
        self._asked: list[Any] = [CHUNK] * -(-most // CHUNK)
        if num_kept is not None:
            rows = np.linspace(0, num_kept - 1, min(most, num_kept)).astype(np.int32)
            rows = np.tile(rows, -(-FIRST_SLOTS // len(rows)))  # small pools are repeated
            rows = np.random.default_rng(0).permutation(rows)
            self._asked = np.split(rows, range(CHUNK, len(rows), CHUNK))

    def at(self, snr_db: float) -> Iterator[Slots]:
        """Slots that were sent at an SNR [dB], without noise."""
        seen = self._seen.setdefault(snr_db if self._follows_noise else None, [])
        no = tf.constant(10.0 ** (-snr_db / 10.0), tf.float64)
        for number, asked in enumerate(self._asked):
            if number == len(seen):
                with own_randomness(_seed(number)):
                    seen.append(self._send(self._draw(asked), no))
            yield seen[number]

    def interference(self, used: np.ndarray) -> tf.Tensor:
        """Mean interference power on the subcarriers ``used``."""
        most = None if self._is_kept else FIRST_SLOTS // CHUNK
        seen = list(itertools.islice(self.at(INTERFERENCE_SNR_DB), most))
        sizes = tf.constant([float(len(slots.y)) for slots in seen], seen[0].left.dtype)
        mean = tf.linalg.matvec(
            tf.stack([slots.left for slots in seen], 1), sizes / tf.reduce_sum(sizes)
        )
        return tf.gather(mean, used)

    def error_ratio(self, receive: Callable[[Slots, Estimator, tf.Tensor], tf.Tensor]) -> Any:
        """Squared error / ``no_eff`` as a function of an estimator and an SNR [dB].

        ``receive`` computes the ratio for slots, an estimator and a noise power. The output is the
        argument ``receive`` of `LearnedError`.
        """
        receive = tf.function(receive, autograph=False)

        def ratio(estimate: Estimator, snr_db: float) -> tf.Tensor:
            parts, means = [], np.zeros(0)
            for slots in self.at(snr_db):
                no = tf.constant(10.0 ** (-snr_db / 10.0), slots.y.dtype.real_dtype)
                parts.append(receive(slots, estimate, no))
                means = np.append(means, tf.reduce_mean(parts[-1], axis=[1, 2]))
                enough = np.std(means) < PRECISE * len(means) ** 0.5
                if len(means) >= FIRST_SLOTS and enough:
                    break
            return tf.concat(parts, axis=0)

        return ratio


def _seed(number: int) -> int:
    """Seed of a chunk. Consecutive seeds are avoided, because they give similar random numbers."""
    return int(np.random.SeedSequence(number).generate_state(1, np.uint64)[0] >> 1)


class WithInterference(Object):
    r"""Adds interference power to the noise power and error variance of a channel estimate.

    Interference between subcarriers and OFDM symbols adds to the noise. At the pilots, its mean
    power adds to :math:`N_0`. At the data symbols, its power :math:`I_n` on subcarrier :math:`n` is
    equivalent to an error variance of :math:`I_n/S` of the channel of each of :math:`S` streams.

    Parameters
    ----------
    estimate : callable
        Channel estimator, a function of the received signal and the noise power

    interference : [num_subcarriers], `tf.float`
        Power :math:`I_n` relative to the channel energy

    num_streams : `int`
        Number of streams

    Input
    -----
    observed : [num_slots, 1, num_rx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Input of the estimator

    no : [] or [num_slots], `tf.float`
        Noise power

    Output
    ------
    h_hat, err_var : `tf.complex`, `tf.float`
        Channel estimate and its error variance
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
