# SPDX-License-Identifier: Apache-2.0
"""Calibration of the error variance of estimates to features of each slot."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from ...channel.slots.budgeted import MOST_DROPS, Drops
from ...channel.slots.channel import in_units
from ...channel.slots.randomness import own_randomness
from ...channel.slots.settings import SlotSettings
from ..estimation.experience import MAX_FRESH, seen_count
from ..estimation.observation import Arrived, Observation
from ..estimation.slot_error import Seen, SlotError, learn_coefficients
from .reported_noise import MOST_OFF, warn_of_reported_noise

BUDGET_SNRS_DB = np.arange(-10.0, 81.0, 10.0)  # SNRs of drops at which errors are learned
MEDIAN_SNRS_DB = np.arange(-20.0, 61.0, 10.0)  # SNRs of the median drop


def drop_count(settings: SlotSettings) -> int:
    """Drops in which errors are learned slot by slot: 1,024, or fewer of large grids."""
    antennas = settings.num_rx_ant * settings.num_tx_ant * (1 + settings.num_interferers)
    values = antennas * settings.drawn_ofdm_symbols * settings.fft_size
    return seen_count(values, MOST_DROPS, MAX_FRESH)


def learn_slots(
    error: SlotError,
    drops: Sequence[Drops],
    snrs_db: np.ndarray,
    send: Callable[[tf.Tensor, Drops], tuple[Arrived, Observation]],
) -> None:
    """Learn the coefficients of ``error``, and warn if ``no_eff`` still differs from the error.

    Parameters
    ----------
    error : `SlotError`
        Channel estimate of the link

    drops : sequence of `Drops`
        Channels of slots, in chunks

    snrs_db : [n]
        Median SNRs [dB] at which symbols are sent over each chunk

    send : callable
        Sends Gaussian symbols over channels at a noise power, with the current ``error``
    """

    @functools.partial(tf.function, autograph=False)
    def at(no: tf.Tensor, drawn: Drops) -> tuple[tf.Tensor, ...]:
        arrived, observed = send(no, drawn)
        size = tf.shape(drawn.h)[:1]
        gain = tf.ones(size, no.dtype) if arrived.gain is None else arrived.gain
        own = arrived.no / gain
        share = None if arrived.others is None else arrived.others.share
        signs = error.signs(in_units(arrived.y, tf.sqrt(gain)), own, share)
        snr_db = -10.0 / np.log(10.0) * tf.math.log(own)
        return snr_db, signs, observed.error_over_no_eff

    def see() -> Seen:
        with own_randomness():
            powers = tf.constant(10.0 ** (-snrs_db / 10.0), error.rdtype)
            seen = [at(no, drawn) for no in powers for drawn in drops]
        snr_db, signs, ratio = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        return Seen(snr_db, signs, ratio, np.repeat(snrs_db, len(ratio) // len(snrs_db)))

    off = learn_coefficients(see, error.keep, error.snrs_db, error.num_signs)
    if not off <= MOST_OFF:
        warn_of_reported_noise(f"it differed by {off:.0%} in the calibration slots")
