# SPDX-License-Identifier: Apache-2.0
"""Choice of the rate of coded images for each SNR."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from pydantic import Field
from sionna.phy import config

from ...link import CodedTransmission
from ...link.figures import collecting

Rate = tuple[Literal[2, 4, 6, 8], Annotated[float, Field(ge=0.2, le=0.95)]]
"""Bits per QAM symbol, and code rate"""


def snr_grid(snr_range: tuple[float, float], step_db: float = 1.0) -> NDArray[np.floating]:
    """SNRs [dB] in equal steps from the lowest SNR of a range, up to the highest one.

    The noiseless link is represented by 60 dB.
    """
    low, high = (min(snr_db, 60.0) for snr_db in snr_range)
    return low + step_db * np.arange(int((high - low) / step_db + 1e-6) + 1)


def block_error_rates(
    coded: Sequence[CodedTransmission],
    snrs_db: Sequence[float] | NDArray[np.floating],
    num_codewords: int,
) -> NDArray[np.float64]:
    """Block error rates of random codewords.

    The lowest SNR without errors is found by bisection, and the block error rate is zero above it.
    Lower SNRs are tried in descending order. If no codeword is decoded at two of them, the block
    error rate is one at all lower SNRs.

    Input
    -----
    coded : sequence of :class:`~sionna_semcom.link.CodedTransmission`
        Coded transmissions over a link
    snrs_db : sequence of `float`
        SNRs [dB] in ascending order
    num_codewords : `int`
        Number of codewords per transmission and SNR

    Output
    ------
    : [num_coded, num_snrs], `float`
        Block error rates
    """
    return np.stack([_error_rates(one, snrs_db, num_codewords) for one in coded])


def _error_rates(
    coded: CodedTransmission, snrs_db: Sequence[float] | NDArray[np.floating], num_codewords: int
) -> NDArray[np.float64]:
    """Block error rates [num_snrs] of one coded transmission."""

    @functools.cache
    def measured(place: int) -> float:
        bits = random_bits([num_codewords, coded.num_info_bits])
        with collecting():
            bits_hat = coded(bits, tf.constant(10.0 ** (-snrs_db[place] / 10), tf.float32))
        return float(np.mean(np.any(bits_hat.numpy() != bits.numpy(), -1)))

    free = bisect.bisect_left(range(len(snrs_db)), True, key=lambda place: measured(place) == 0.0)
    rates = np.ones(len(snrs_db))
    rates[free:] = 0.0
    for place in reversed(range(free)):
        rates[place] = measured(place)
        if np.all(rates[place : place + 2] == 1.0) and place + 1 < len(rates):
            break
    return rates


def best_rates(
    errors: NDArray[np.float64], distortions: NDArray[np.float64], worst: float
) -> NDArray[np.int32]:
    r"""Rates with the lowest expected mean squared error.

    .. math:: \hat{i} = \arg\min_i\, (1-\varepsilon_i) D_i + \varepsilon_i D_0

    This is an own derivation. Of equal rates, the first one is chosen.

    Input
    -----
    errors : [num_rates, num_snrs], `float`
        Block error rates :math:`\varepsilon_i`
    distortions : [num_rates], `float`
        Mean squared errors :math:`D_i` if all bits are correct
    worst : `float`
        Mean squared error :math:`D_0` if a bit is wrong

    Output
    ------
    : [num_snrs], `int32`
        Index of the best rate at each SNR
    """
    expected = (1.0 - errors) * distortions[:, np.newaxis] + errors * worst
    return np.argmin(expected, 0).astype(np.int32)


def random_bits(shape: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Uniformly distributed bits of a shape, `tf.float32`."""
    return tf.round(config.tf_rng.uniform(shape))


def scrambled(coded: CodedTransmission, bits: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
    """Received bits of ``bits`` [batch, k] that are sent with random bits added modulo two.

    Without it, padding would map to equal points, whose power is not one.
    """
    mask = random_bits(tf.shape(bits))
    return tf.abs(coded(tf.abs(bits - mask), no) - mask)
