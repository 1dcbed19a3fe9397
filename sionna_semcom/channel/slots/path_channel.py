# SPDX-License-Identifier: Apache-2.0
"""Paths of the 3GPP channel models, newly drawn or from a pool."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sionna.phy.channel import subcarrier_frequencies
from sionna.phy.channel.tr38901 import CDL
from sionna.phy.ofdm import ResourceGrid

from .channel import CHUNK, channel_model, drop_users, in_units, path_response, slot_energy
from .clusters import ClusterPaths
from .interference import NOTHING_LEFT_OUT, InterferenceFloor
from .settings import DEFAULT_DROPS, SYSTEM_LEVEL_MODELS, SlotSettings
from .source import SlotSource
from .waveform import waveform

Paths = tuple[tf.Tensor, tf.Tensor]


class SlotResponse:
    """Frequency responses at the start of each OFDM symbol, for paths at times of a waveform."""

    def __init__(
        self, settings: SlotSettings, resource_grid: ResourceGrid, dtype: tf.DType
    ) -> None:
        sizes = waveform(settings, resource_grid.num_ofdm_symbols)
        self._at_symbols = tf.constant(sizes.at_symbols(), dtype)
        self._frequencies = subcarrier_frequencies(
            resource_grid.fft_size,
            resource_grid.subcarrier_spacing,
            precision="double" if dtype == tf.complex128 else "single",
        )

    def __call__(self, a: tf.Tensor, tau: tf.Tensor) -> tf.Tensor:
        """Frequency responses in the unit of ``a``."""
        return path_response(tf.matmul(a, self._at_symbols), tau, self._frequencies)


def after_first(a: tf.Tensor, tau: tf.Tensor) -> Paths:
    """Paths with delays relative to the first path, without missing paths.

    Sionna marks missing paths by a negative delay or zero power.
    """
    exists = (tau >= 0.0) & tf.reduce_any(a != 0.0, axis=[2, 4, 6])
    first = tf.reduce_min(tf.where(exists, tau, np.inf), axis=-1, keepdims=True)
    tau = tf.where(exists, tau - first, 0.0)
    shown = tf.cast(exists, a.dtype)[:, :, tf.newaxis, :, tf.newaxis, :, tf.newaxis]
    return a * shown, tau


def with_as_many(chunks: list[Paths]) -> Paths:
    """Concatenate chunks of slots, padded to the maximum number of paths."""
    most = max(tau.shape[-1] for _, tau in chunks)

    def padded(part: tf.Tensor, axis: int) -> tf.Tensor:
        missing = [[0, 0]] * part.shape.rank
        missing[axis] = [0, most - part.shape[axis]]
        return tf.pad(part, missing)

    return (
        tf.concat([padded(a, 5) for a, _ in chunks], axis=0),
        tf.concat([padded(tau, 3) for _, tau in chunks], axis=0),
    )


def refill(pool: tuple[tf.Variable, tf.Variable], a: tf.Tensor, tau: tf.Tensor) -> None:
    """Assign new paths to ``pool``. If there are too many, the strongest of each slot are kept."""
    most = pool[0].shape[5]
    if a.shape[5] > most:
        power = tf.reduce_sum(tf.abs(a) ** 2, axis=[1, 2, 3, 4, 6])
        strongest = tf.math.top_k(power, most).indices
        a = tf.gather(a, strongest, axis=5, batch_dims=1)
        tau = tf.gather(tau, strongest, axis=3, batch_dims=1)
    a, tau = with_as_many([(a, tau), (pool[0][:0], pool[1][:0])])
    pool[0].assign(a)
    pool[1].assign(tau)


class PathChannel(SlotSource):
    r"""Draws the paths of independent slots of a 3GPP model, each slot with unit mean energy.

    The energy of a slot is computed from its frequency responses, one per OFDM symbol. With the
    same seed, the slots therefore equal those of `SlotChannel`.

    Parameters
    ----------
    settings : `SlotSettings`
        Channel model, antennas and size of the pool

    resource_grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid of a slot

    See `SlotSource` for input and output.
    """

    def __init__(self, settings: SlotSettings, resource_grid: ResourceGrid) -> None:
        super().__init__(precision=settings.precision)
        self._settings = settings
        self._model = channel_model(settings)
        sizes = waveform(settings, resource_grid.num_ofdm_symbols)
        self._times = sizes.num_steps, sizes.step_rate
        self._response = SlotResponse(settings, resource_grid, self.cdtype)
        self._clusters: ClusterPaths | None = None
        if isinstance(self._model, CDL):
            self._clusters = ClusterPaths(self._model, self.precision)
        self._pool: tuple[tf.Variable, tf.Variable] | None = None
        if settings.realizations is not None:
            a, tau = self._draw_pool(settings.realizations)
            self._pool = tf.Variable(a, trainable=False), tf.Variable(tau, trainable=False)

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        return self._response(*self.paths(num_slots))

    def paths(self, num_slots: int | tf.Tensor) -> Paths:
        """Draw the paths of ``num_slots`` slots."""
        return self._generate(num_slots) if self._pool is None else super().paths(num_slots)

    @property
    def num_kept(self) -> int | None:
        """Size of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._pool[0].shape[0]

    def fresh(self, num_slots: int) -> tf.Tensor:
        """Slots that the pool does not hold."""
        return self._response(*self._draw_pool(num_slots))

    def kept_paths(self, rows: tf.Tensor) -> Paths:
        """Paths of the slots ``rows`` of the pool."""
        a, tau = self._pool or (tf.zeros([0]), tf.zeros([0]))
        return tf.gather(a, rows), tf.gather(tau, rows)

    @property
    def max_delay(self) -> float:
        """Longest delay of a path after the first [s]."""
        if self._pool is not None:
            return float(tf.reduce_max(self._pool[1]))
        delays = np.asarray(self._model.delays, float)
        return float(np.max(delays) - np.min(delays))

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._response(*self._pool)

    def seen(self) -> tf.Tensor:
        """The pool, or as many slots as the default pool."""
        return self(DEFAULT_DROPS) if self._pool is None else self._response(*self._pool)

    @property
    def interference(self) -> InterferenceFloor:
        """Zero, because the time domain neglects no interference."""
        return NOTHING_LEFT_OUT

    def redraw(self) -> None:
        """Fill the pool with new realizations, also for graphs that were traced before.

        The number of paths does not increase: additional paths are removed, weakest first.
        """
        if self._pool is not None:
            refill(self._pool, *self._draw_pool(self._pool[0].shape[0]))

    def _generate(self, num_slots: int | tf.Tensor) -> Paths:
        if self._clusters is None:
            a, tau = after_first(*self._model(num_slots, *self._times))
        else:
            a, tau = self._clusters.impulse_responses(num_slots, *self._times)
        return in_units(a, tf.sqrt(slot_energy(self._response(a, tau)))), tau

    def _draw_pool(self, size: int) -> Paths:
        sizes = [min(CHUNK, size - start) for start in range(0, size, CHUNK)]
        return with_as_many([self._draw_chunk(chunk) for chunk in sizes])

    def _draw_chunk(self, size: int) -> Paths:
        if self._settings.model in SYSTEM_LEVEL_MODELS:
            drop_users(self._model, self._settings, size)
        return self._generate(size)
