# SPDX-License-Identifier: Apache-2.0
"""Paths of a channel model that is given in Python, for the time domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from ..slots.channel import CHUNK, in_units
from ..slots.path_channel import Paths, SlotResponse, after_first, refill, with_as_many
from ..slots.randomness import own_randomness
from ..slots.settings import DEFAULT_DROPS
from ..slots.waveform import waveform
from .model_slots import ModelSlots


class ModelPaths(ModelSlots):
    """Draws slots of a channel model with the paths that the time domain needs.

    The model is called with the time steps of a `Waveform`. If it returns another number of steps,
    such as a data set, these must be one per OFDM symbol, or a single step for a constant channel.

    See `ModelSlots` for parameters, input, output and errors.
    """

    _longest = -1.0  # maximum delay, computed on first use

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        return tf.stop_gradient(self._at_symbols(*self.paths(num_slots)))

    def paths(self, num_slots: int | tf.Tensor) -> Paths:
        """Draw the paths of ``num_slots`` slots."""
        if self._pool is not None:
            return super().paths(num_slots)
        return self._normalized(*self._of_model(num_slots))

    @property
    def num_kept(self) -> int | None:
        """Size of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._pool[0].shape[0]

    def kept_paths(self, rows: tf.Tensor) -> Paths:
        """Paths of the slots ``rows`` of the pool."""
        return self._normalized(*(tf.gather(part, rows) for part in self._pool))

    def fresh(self, num_slots: int) -> tf.Tensor:
        """Slots that the pool does not hold."""
        return self._in_unit(self._at_symbols(*self._of_model(num_slots)))

    def _normalized(self, a: tf.Tensor, tau: tf.Tensor) -> Paths:
        return in_units(a, self._unit_of(self._at_symbols(a, tau))), tau

    @property
    def max_delay(self) -> float:
        """Maximum delay after the first path [s], over the pool or 512 slots."""
        if self._longest < 0.0:
            with own_randomness():
                drawn = [self._of_model(CHUNK)[1] for _ in range(DEFAULT_DROPS // CHUNK)]
            self._longest = max(float(tf.reduce_max(tau)) for tau in drawn)
        return self._longest

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._in_unit(self._at_symbols(*self._pool))

    def redraw(self) -> None:
        """Fill the pool with new realizations with the same number of paths."""
        if self._pool is not None:
            refill(self._pool, *self._paths(self._pool[0].shape[0]))

    def _time_steps(self) -> tuple[int, Any]:
        sizes = waveform(self._settings, self._grid.num_ofdm_symbols)
        self._steps = {n: sizes.from_symbols(n) for n in (1, self._grid.num_ofdm_symbols)}
        self._at_symbols = SlotResponse(self._settings, self._grid, self.cdtype)
        return sizes.num_steps, sizes.step_rate

    def _make_pool(self, size: int) -> Any:
        a, tau = self._paths(size)
        self._longest = float(tf.reduce_max(tau))
        return tf.Variable(a, trainable=False), tf.Variable(tau, trainable=False)

    def _paths(self, size: int) -> Paths:
        """Paths of ``size`` realizations."""
        chunks, missing = [], size
        while missing > 0:
            chunk = [part[:missing] for part in self._of_model(min(CHUNK, missing))]
            chunks.append((chunk[0], chunk[1]))
            missing -= len(chunk[0])
        return with_as_many(chunks)

    def _of_model(self, num_slots: int | tf.Tensor) -> Paths:
        a, tau = self._model(num_slots, *self._times)
        a, tau = after_first(tf.cast(a, self.cdtype), tf.cast(tau, self.rdtype))
        if (steps := self._steps.get(a.shape[-1])) is not None and a.shape[-1] != self._times[0]:
            a = tf.matmul(a, tf.constant(steps, self.cdtype))
        return a, tau

    def _seen(self, most: int) -> Iterator[tf.Tensor]:
        if self._pool is not None:
            yield self._at_symbols(*(part[:most] for part in self._pool))
            return
        with own_randomness():
            yield self._at_symbols(*self._paths(most))
