# SPDX-License-Identifier: Apache-2.0
"""Positions of terminals in the sectors of system-level models."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from sionna.phy.channel import (
    ChannelModel,
    gen_single_sector_topology,
    gen_single_sector_topology_interferers,
)

from .settings import SlotSettings


def drop_users(model: ChannelModel, settings: SlotSettings, size: int) -> tuple[tf.Tensor, ...]:
    """Drop users in ``size`` sectors of a system-level model, and return Sionna's topology tensors.

    Interfering terminals in adjacent cells follow after the users.
    """
    arguments: dict[str, Any] = {
        "num_ut": settings.num_terminals,
        "scenario": settings.model.lower(),
        "min_ut_velocity": settings.speed,
        "max_ut_velocity": settings.speed,
    }
    if not settings.num_interferers:
        topology = gen_single_sector_topology(size, precision=model.precision, **arguments)
    else:  # Sionna 1.2 supports single precision only
        drawn = gen_single_sector_topology_interferers(
            size, num_interferer=settings.num_interferers, precision="single", **arguments
        )
        topology = tuple(tf.cast(x, model.rdtype) if x.dtype.is_floating else x for x in drawn)
    model.set_topology(*topology)
    return tuple(topology)
