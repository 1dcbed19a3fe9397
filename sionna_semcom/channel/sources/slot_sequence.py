# SPDX-License-Identifier: Apache-2.0
"""Sequences of correlated slots of a channel that evolves between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from sionna.phy.channel import ChannelModel
from sionna.phy.channel.tr38901 import CDL
from sionna.phy.ofdm import ResourceGrid

from ..slots.channel import channel_model, drop_users, in_units, slot_energy
from ..slots.clusters import ClusterPaths
from ..slots.interference import InterferenceFloor
from ..slots.resource_grid import resource_grid as make_grid
from ..slots.settings import SYSTEM_LEVEL_MODELS, SlotSettings
from ..slots.source import SlotSource
from .base import ChannelSource
from .model import ModelSlots, ModelSource

Draw = Callable[[Any, int, float], tuple[tf.Tensor, tf.Tensor]]


class SlotSequence(SlotSource):
    r"""Draws sequences of slots of the same channel, with a gap between their starts.

    The channel is drawn from the first to the last OFDM symbol of a sequence, and the slots are
    extracted. The correlation of slots is therefore that of the model: :math:`J_0(2\pi f_D\tau)`
    (Jakes) for a TDL profile, and :math:`J_0(\pi f_D\tau)^2` for a CDL profile (see
    `cluster_covariances`).

    Parameters
    ----------
    settings : `SlotSettings`
        Channel model, antennas and size of the pool

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    single : `SlotSource`
        Source of independent slots, from which the receiver has learned the statistics

    source : `ModelSource` | `None`
        Channel model that was given in Python, if any

    num_slots, gap : `int`
        Number of slots in a sequence, and distance of their starts [slots]

    normalize : "average" | "slot"
        Normalization to unit mean energy: of the channel on average, or of each slot

    Input
    -----
    num_slots : `int` or [], `tf.int32`
        Number of slots to draw

    Output
    ------
    : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Frequency responses. With ``M`` slots in total and ``n`` per sequence, slot ``i`` of
        sequence ``k`` is in row ``i * M / n + k``
    """

    def __init__(
        self,
        settings: SlotSettings,
        resource_grid: ResourceGrid,
        single: SlotSource,
        source: ChannelSource | None,
        num_slots: int,
        gap: int,
        normalize: Literal["average", "slot"] = "average",
    ) -> None:
        super().__init__(precision=settings.precision)
        if not (source is None or isinstance(source, ModelSource)):
            raise ValueError(
                "`gap` needs a channel model that evolves from slot to slot. "
                f"Received: channel of kind {source.name!r}"
            )
        self._single, self._num_slots = single, num_slots
        self._per_slot = normalize == "slot"
        self.has_unit_energy = self._per_slot
        symbols = resource_grid.num_ofdm_symbols
        steps = np.concatenate([np.arange(symbols) + i * gap * symbols for i in range(num_slots)])
        draw = source.model if isinstance(source, ModelSource) else _path_source(settings)
        unit = "none" if settings.family == "TDL" else "average"  # a profile has unit power
        long = {"pool_size": settings.realizations, "num_ofdm_symbols": len(steps)}
        behind = settings.model_copy(update=long)
        grid = make_grid(behind)  # transmissions in consecutive slots
        self._sequences = ModelSlots(_Sampled(draw, steps), behind, grid, unit)

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` slots of sequences."""
        sequences = -(-num_slots // self._num_slots)
        return tf.stop_gradient(self._slots_of(self._sequences(sequences))[:num_slots])

    @property
    def pool(self) -> tf.Tensor | None:
        """Slots of all sequences of the pool, in the order of a call; none without a pool."""
        pool = self._sequences.pool
        return None if pool is None else self._slots_of(pool)

    @property
    def num_kept(self) -> int | None:
        """Number of slots in the pool of sequences; `None` without a pool."""
        sequences = self._sequences.num_kept
        return None if sequences is None else self._num_slots * sequences

    def kept(self, rows: tf.Tensor) -> tf.Tensor:
        """Frequency responses of the slots ``rows`` of the pool."""
        sequences = self._sequences.num_kept
        if sequences is None:
            return super().kept(rows)
        h = self._slots_of(self._sequences.kept(rows % sequences))
        number = tf.shape(rows)[0]
        return tf.gather(h, rows // sequences * number + tf.range(number))

    def fresh(self, num_slots: int) -> tf.Tensor:
        """Slots of sequences that the pool does not hold."""
        sequences = -(-num_slots // self._num_slots)
        return self._slots_of(self._sequences.fresh(sequences))[:num_slots]

    def _slots_of(self, sequences: tf.Tensor) -> tf.Tensor:
        """The first slots of all ``sequences``, then the second ones, and so on."""
        h = tf.concat(tf.split(sequences, self._num_slots, axis=5), axis=0)
        return in_units(h, tf.sqrt(slot_energy(h))) if self._per_slot else h

    def seen(self) -> tf.Tensor:
        """Slots from which a receiver learns the statistics, as for single slots."""
        return self._single.seen()

    @property
    def interference(self) -> InterferenceFloor:
        """Interference floor of single slots."""
        return self._single.interference

    def redraw(self) -> None:
        """Fill the pool with new realizations, also for graphs that were traced before."""
        self._sequences.redraw()


class _Sampled(ChannelModel):
    """Channel model that is sampled at selected time steps."""

    def __init__(self, draw: Draw, steps: np.ndarray) -> None:
        super().__init__()
        self._draw, self._steps = draw, steps

    def __call__(
        self, batch_size: Any, num_time_steps: int, sampling_frequency: float
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Draw paths; ``num_time_steps`` is their number."""
        a, tau = self._draw(batch_size, int(self._steps[-1]) + 1, sampling_frequency)
        return (a if a.shape[-1] == 1 else tf.gather(a, self._steps, axis=-1)), tau


def _path_source(settings: SlotSettings) -> Draw:
    """Function that draws impulse responses of a TR 38.901 model for any batch size."""
    model = channel_model(settings)
    if settings.model in SYSTEM_LEVEL_MODELS:

        def dropped(batch_size: Any, *times: Any) -> tuple[tf.Tensor, tf.Tensor]:
            drop_users(model, settings, batch_size)
            a, tau = model(*times)
            return a, tau

        return dropped
    draw: Draw = model
    if isinstance(model, CDL):
        draw = ClusterPaths(model, settings.precision).impulse_responses
    return draw
