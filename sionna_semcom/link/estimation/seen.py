# SPDX-License-Identifier: Apache-2.0
"""Slots in which a receiver has learned what it knows of a channel, and of its own errors."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ...channel.slots.channel import CHUNK, in_units, slot_energy
from ...channel.slots.randomness import own_randomness
from ...channel.slots.source import SlotSource
from .experience import SEEN_SLOTS, seen_count


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
