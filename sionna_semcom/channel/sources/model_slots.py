# SPDX-License-Identifier: Apache-2.0
"""Frequency responses of a channel model that is given in Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.channel import subcarrier_frequencies
from sionna.phy.ofdm import ResourceGrid

from ..slots.channel import CHUNK, path_response, slot_energy
from ..slots.cluster_response import ClusterResponse
from ..slots.clusters import has_tables
from ..slots.interference import drop_interference
from ..slots.randomness import own_randomness
from ..slots.settings import DEFAULT_DROPS, SlotSettings
from .own_slots import OwnSlots, spread


class ModelSlots(OwnSlots):
    """Draws slots of a channel model.

    Sionna's CDL with upright arrays is drawn from tables, as with ``model="CDL-C"`` (see
    `ClusterPaths`): the slots equal those of a call of the model up to rounding.

    Parameters
    ----------
    model : :class:`~sionna.phy.channel.ChannelModel`
        Channel model

    See `OwnSlots` for the others, input and output.

    Raises
    ------
    ValueError
        If the model does not have one transmitter, one receiver and the required antennas, or does
        not return impulse responses
    """

    def __init__(
        self, model: Any, settings: SlotSettings, resource_grid: ResourceGrid, normalize: Any
    ) -> None:
        super().__init__(settings, resource_grid, normalize)
        self._times: tuple[int, Any] = self._time_steps()
        self._frequencies = subcarrier_frequencies(
            resource_grid.fft_size, resource_grid.subcarrier_spacing, precision=self.precision
        )
        self._model = model
        self._tables: ClusterResponse | None = None
        if has_tables(model):
            self._tables = ClusterResponse(model, self._frequencies, self.precision)
            self._model = self._tables.paths.impulse_responses
        self._drops: list[np.ndarray] = []
        with own_randomness():
            is_bound = self._check(2) != 2 or self._check(3) != 3
        self._pool: Any = None
        if is_bound or settings.pool_size is not None:
            self._pool = self._make_pool(settings.pool_size or DEFAULT_DROPS)
        if normalize == "average":
            energies = tf.concat([slot_energy(h) for h in self._seen(DEFAULT_DROPS)], axis=0)
            self._unit = tf.sqrt(tf.reduce_mean(energies))[tf.newaxis]

    def __call__(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        """Draw ``num_slots`` channels."""
        if self._tables is None or self._pool is not None or not self.has_unit_energy:
            return super().__call__(num_slots)
        return self._tables(num_slots, *self._times)

    def _time_steps(self) -> tuple[int, Any]:
        """Number of time steps of a call of the model, and their rate [Hz]."""
        return self._grid.num_ofdm_symbols, 1.0 / self._grid.ofdm_symbol_duration

    def _make_pool(self, size: int) -> Any:
        return tf.Variable(tf.concat(list(self._generated(size)), axis=0), trainable=False)

    @property
    def pool(self) -> tf.Tensor | None:
        """Realizations of the pool, or `None` if each slot draws its own."""
        if self._pool is None:
            return None
        return spread(self._in_unit(self._pool.value()), self._times[0])

    def _draw(self, num_slots: int | tf.Tensor) -> tf.Tensor:
        if self._pool is None:
            return self._response(*self._model(num_slots, *self._times))
        return tf.gather(self._pool, self.random_rows(num_slots))

    @property
    def num_kept(self) -> int | None:
        """Size of the pool, or `None` if each slot draws its own."""
        return None if self._pool is None else self._pool.shape[0]

    def kept(self, rows: tf.Tensor) -> tf.Tensor:
        """Frequency responses of the slots ``rows`` of the pool."""
        return spread(self._in_unit(tf.gather(self._pool, rows)), self._times[0])

    def fresh(self, num_slots: int) -> tf.Tensor:
        """Slots that the pool does not hold."""
        if self._pool is None:
            return super().fresh(num_slots)
        drops, slots = self._drops, tf.concat(list(self._generated(num_slots)), axis=0)
        self._drops = drops  # those of the pool
        return spread(self._in_unit(slots), self._times[0])

    def redraw(self) -> None:
        """Fill the pool with new realizations, also for graphs that were traced before."""
        if self._pool is not None:
            chunks = self._generated(self._pool.shape[0])
            self._pool.assign(tf.concat(list(chunks), axis=0))

    def _seen(self, most: int) -> Iterator[tf.Tensor]:
        if self._pool is not None:
            yield self._pool[:most]
            return
        with own_randomness():
            yield from list(self._generated(most))

    def _generated(self, size: int) -> Iterator[tf.Tensor]:
        """Draw ``size`` realizations, and record their power beyond the prefix."""
        self._drops, missing = [], size
        while missing > 0:
            a, tau = self._model(min(CHUNK, missing), *self._times)
            self._drops.append(drop_interference(self._settings, a, tau))
            h = self._response(a, tau)[:missing]
            missing -= len(h)
            yield h

    def _response(self, a: tf.Tensor, tau: tf.Tensor) -> tf.Tensor:
        a, tau = tf.cast(a, self.cdtype), tf.cast(tau, self.rdtype)
        return path_response(a, tau, self._frequencies)

    def _delay_interference(self) -> float:
        if not self._drops:
            with own_randomness():
                list(self._generated(CHUNK))
        return float(np.mean(np.concatenate(self._drops)))

    def _check(self, batch_size: int) -> int:
        """Check the model, and return the number of realizations per call with ``batch_size``."""
        rx, tx = self._settings.num_rx_ant, self._settings.num_tx_ant
        rule = (
            "`channel` must be a channel model of Sionna with one receiver of "
            f"num_rx_ant={rx} and one transmitter of num_tx_ant={tx}. "
        )
        try:
            a, tau = self._model(batch_size, *self._times)
            a, tau = tf.convert_to_tensor(a), tf.convert_to_tensor(tau)
        except Exception as error:  # user code can raise any exception
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"{rule}Received: one that fails, {reason}") from error
        times = [1, self._grid.num_ofdm_symbols, self._times[0]]
        fits = a.shape.rank == 7 and a.dtype.is_complex and a.shape[-1] in times
        wanted = [None, 1, rx, 1, tx, None, None]
        paths = a.shape[5] if fits else None
        if not (fits and a.shape.is_compatible_with(wanted)) or tau.shape != [
            a.shape[0], 1, 1, paths
        ]:  # fmt: skip
            raise ValueError(f"{rule}Received: a of shape {a.shape}, tau of shape {tau.shape}")
        if not paths or not (np.isfinite(a).all() and np.isfinite(tau).all()):
            what = "whose paths are not finite" if paths else "without paths"
            raise ValueError(f"{rule}Received: one {what}")
        return int(a.shape[0])
