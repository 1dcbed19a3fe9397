# SPDX-License-Identifier: Apache-2.0
"""Choice of the rate of coded images for each SNR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def block_error_rate(coded: CodedTransmission, snr_db: float, num_codewords: int) -> float:
    """Block error rate of random codewords.

    Input
    -----
    coded : :class:`~sionna_semcom.link.CodedTransmission`
        Coded transmission over a link
    snr_db : `float`
        SNR [dB]
    num_codewords : `int`
        Number of codewords

    Output
    ------
    : `float`
        Block error rate
    """
    bits = random_bits([num_codewords, coded.num_info_bits])
    with collecting():
        bits_hat = coded(bits, tf.constant(10.0 ** (-snr_db / 10.0), tf.float32))
    return float(np.mean(np.any(bits_hat.numpy() != bits.numpy(), -1)))


def best_rates(
    error_rate: Callable[[int, float], float],
    snrs_db: Sequence[float] | NDArray[np.floating],
    distortions: NDArray[np.floating],
    worst: float,
) -> NDArray[np.int32]:
    r"""Rates with the lowest expected mean squared error.

    .. math:: \hat{i} = \arg\min_i\, (1-\varepsilon_i) D_i + \varepsilon_i D_0

    SNRs are processed in descending order, and rates in the order of their distortion. A rate at
    which no block was received is not tried at lower SNRs, and a rate whose distortion is larger
    than the lowest expected error is not tried at this SNR. This is an own derivation.

    Input
    -----
    error_rate : callable
        Maps the index of a rate and an SNR [dB] to the block error rate :math:`\varepsilon_i`
    snrs_db : [num_snrs], `float`
        SNRs [dB] in ascending order
    distortions : [num_rates], `float`
        Mean squared errors :math:`D_i` if all bits are correct
    worst : `float`
        Mean squared error :math:`D_0` if a bit is wrong

    Output
    ------
    : [num_snrs], `int32`
        Index of the best rate at each SNR, and of the largest distortion if no rate is received
    """
    order = np.argsort(distortions, kind="stable")
    choice = np.full(len(snrs_db), order[-1], np.int32)
    lost: set[int] = set()
    for place in reversed(range(len(snrs_db))):
        lowest = np.inf
        for rate in map(int, order):
            if rate in lost or distortions[rate] >= lowest:
                continue
            wrong = error_rate(rate, float(snrs_db[place]))
            if wrong == 1.0:
                lost.add(rate)
                continue
            expected = (1.0 - wrong) * distortions[rate] + wrong * worst
            if expected < lowest:
                lowest, choice[place] = expected, rate
    return choice


def random_bits(shape: Sequence[int | tf.Tensor]) -> tf.Tensor:
    """Uniformly distributed bits of a shape, `tf.float32`."""
    return tf.round(config.tf_rng.uniform(shape))


def scrambled(coded: CodedTransmission, bits: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
    """Received bits of ``bits`` [batch, k] that are sent with random bits added modulo two.

    Without it, padding would map to equal points, whose power is not one.
    """
    mask = random_bits(tf.shape(bits))
    return tf.abs(coded(tf.abs(bits - mask), no) - mask)
