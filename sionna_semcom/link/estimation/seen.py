# SPDX-License-Identifier: Apache-2.0
"""Slots in which a receiver has learned what it knows of a channel, and of its own errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ...channel.slots.channel import CHUNK, in_units, slot_energy
from ...channel.slots.randomness import own_randomness
from ...channel.slots.source import SlotSource
from .experience import SEEN_SLOTS, seen_count
from .learned_error import SNRS_DB, find_ratios
from .network import LearnedEstimator
from .observation import Observation

CALIBRATED_SLOTS = 512  # in which a network's errors are measured


def seen_slots(channel: SlotSource, wanted: int = SEEN_SLOTS) -> tf.Tensor:
    """Slots in which a receiver has learned what it knows, with unit mean energy: a fixed draw.

    As many as ``wanted``, or all of a pool; fewer of large grids, which show more of the channel
    each.
    """
    with own_randomness():
        most = wanted if channel.pool is None else channel.pool.shape[0]
        number = seen_count(int(np.prod(channel(1).shape)), most)
        if channel.pool is not None:
            slots = channel.pool[:number]
        else:
            chunks = [channel(min(CHUNK, number - at)) for at in range(0, number, CHUNK)]
            slots = tf.concat(chunks, axis=0)
    return in_units(slots, tf.sqrt(slot_energy(slots)))


def calibrate(
    network: LearnedEstimator,
    channel: SlotSource,
    observe: Callable[[tf.Tensor, tf.Tensor], Observation],
) -> None:
    """Set the ``error_ratios`` of ``network`` to what is seen over 512 slots, a fixed draw.

    Parameters
    ----------
    network : `LearnedEstimator`
        Estimator of a link

    channel : `SlotSource`
        Channel of the link

    observe : callable
        Sends Gaussian symbols over a channel at a noise power, with the network as it is
    """
    slots = seen_slots(channel, CALIBRATED_SLOTS)[:CALIBRATED_SLOTS]
    ratio = tf.function(lambda h, no: observe(h, no).error_over_no_eff, autograph=False)

    def see(snr_db: float) -> np.ndarray:
        no = tf.constant(10.0 ** (-snr_db / 10.0), slots.dtype.real_dtype)
        chunks = [ratio(slots[at : at + CHUNK], no) for at in range(0, len(slots), CHUNK)]
        return np.mean(np.concatenate(chunks), keepdims=True)

    with own_randomness():
        find_ratios(np.ones([len(SNRS_DB), 1]), see, network.error_ratios.assign)
