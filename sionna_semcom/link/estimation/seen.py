# SPDX-License-Identifier: Apache-2.0
"""Slots in which a receiver learns channel statistics and its estimation error."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ...channel.slots.channel import CHUNK, in_units, slot_energy
from ...channel.slots.randomness import own_randomness
from ...channel.slots.source import SlotSource
from .experience import SEEN_SLOTS, seen_count


def seen_slots(channel: SlotSource, wanted: int = SEEN_SLOTS) -> tf.Tensor:
    """Draw fixed slots of unit mean energy, in which a receiver learns statistics and errors.

    The number of slots is ``wanted``, or the size of the pool. It is smaller for large grids, which
    contain more samples of the channel.
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
