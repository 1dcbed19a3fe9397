# SPDX-License-Identifier: Apache-2.0
"""MIMO channels on the resource elements of OFDM slots over the 3GPP TR 38.901 models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy import config
from sionna.phy.block import Object
from sionna.phy.channel import ApplyOFDMChannel
from sionna.phy.ofdm import RemoveNulledSubcarriers, ResourceGrid, ResourceGridMapper

from .base import ChannelState, MIMOChannel
from .ofdm_settings import OFDMMIMOSettings
from .regression import RegressionTable, learn
from .settings import CHANNELS
from .slots.budgeted import budget_of
from .slots.channel import CHUNK, in_units, slot_energy
from .slots.estimation import known_covariances, ls_estimator, statistical_interpolator
from .slots.interference import slot_summary
from .slots.interpolation import ChannelStatistics
from .slots.resource_grid import lengthened_grid, resource_grid
from .slots.source import SlotSource, floor_db, has_unit_energy
from .sources import chosen_source, name_of, slot_source, split_channel

CALIBRATION_SLOTS = 512  # slots from which both ends learn the statistics, unless there is a pool
CALIBRATION_SNRS_DB = np.arange(40.0, -20.1, -5.0)


class AntennaEstimator(Object):
    r"""Estimates the channel of each transmit antenna from unit-power pilots.

    Parameters
    ----------
    settings : `OFDMMIMOSettings`
        Pilots, interpolation, and knowledge of the statistics

    grid : :class:`~sionna.phy.ofdm.ResourceGrid`
        Resource grid with one stream per antenna

    slots : `SlotSource`
        Channel whose statistics are known

    Input
    -----
    h : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size], `tf.complex`
        Channel

    no : [], `tf.float`
        Noise power per receive antenna

    Output
    ------
    : as ``h`` without empty subcarriers, `tf.complex`
        Estimate
    """

    def __init__(self, settings: OFDMMIMOSettings, grid: ResourceGrid, slots: SlotSource) -> None:
        super().__init__(precision=settings.precision)
        antennas = settings.num_tx_ant
        power = np.full(antennas, 1.0 / antennas)
        statistics = None
        if settings.knows_statistics:
            statistics = ChannelStatistics(*known_covariances(settings, grid, slots), power)
        interpolator = statistical_interpolator(settings, grid, statistics)
        self._estimate = ls_estimator(settings, grid, interpolator)
        # Antennas use different subcarriers. Sionna's pilots have unit power on average over all
        self._amplitude = antennas**-0.5
        nothing = tf.zeros([1, 1, antennas, int(grid.num_data_symbols)], self.cdtype)
        self._pilots = self._amplitude * ResourceGridMapper(grid, precision=self.precision)(nothing)
        self._apply = ApplyOFDMChannel(precision=self.precision)

    def __call__(self, h: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Estimate ``h`` from pilots at noise power ``no``."""
        return self._estimate(self._apply(self._pilots, h, no), no)[0] / self._amplitude


@CHANNELS.register(OFDMMIMOSettings)
class OFDMMIMOChannel(MIMOChannel):
    r"""MIMO channel on the resource elements of OFDM slots over a TR 38.901 channel.

    Each group of latents has its own slot. Its ``num_uses`` resource elements are drawn at random,
    without replacement, from the data elements of the slot, which provides diversity in time and
    frequency. All latents of a group use the same matrices. Each antenna sends unit-power pilots on
    its own resource elements, and data have a total power of one.

    The CSI at both ends is the channel itself ("perfect"), its estimate from the pilots of the slot
    ("ls"), or the channel on the same subcarrier ``csi_delay`` OFDM symbols earlier ("delayed").
    ``mean`` and ``error_variance`` (see `ChannelState`) are learned at construction from 512 slots,
    or from a whole pool, as averages over slots and antennas: for "ls" for each resource element at
    SNRs from -20 to 40 dB, with interpolation between and constant values outside; for "delayed"
    over all resource elements, because all have the same delay.

    The energy of the channel over each slot (for "delayed" including the preceding symbols) is
    normalized, so that the SNR is :math:`1/N_0` in every slot. The learned statistics include this
    effect, which is strong for a narrow band and few antennas.

    See :class:`~sionna_semcom.channel.MIMOChannel` for input and output.

    Parameters
    ----------
    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Source of the channels, as in :class:`~sionna_semcom.link.OFDMLink`

    Raises
    ------
    ValueError
        If the settings are incompatible with each other or with ``channel``

    Example
    -------
    >>> channel = OFDMMIMOChannel(model="CDL-C", num_tx_ant=4, num_rx_ant=4, num_uses=2)
    >>> state = channel.draw(32, no)                      # h: [32, 2, 4, 4]
    >>> y = channel(x, state.h, no)                       # x, y: [32, 2, 4]
    """

    def __init__(self, *, channel: Any = None, **settings: Any) -> None:
        source, settings = split_channel(channel, settings)
        super().__init__(**settings)
        chosen: OFDMMIMOSettings = self.settings
        self.source = chosen_source(chosen, source)
        self.resource_grid = resource_grid(chosen)
        self._delay = chosen.csi_delay or 0
        grid = lengthened_grid(self.resource_grid, chosen, self._delay)
        self.slots: Any = slot_source(chosen, grid, self.source)
        self.budget = budget_of(self.slots)
        self._remove_nulled = RemoveNulledSubcarriers(self.resource_grid, precision=self.precision)
        self._data_elements = tf.constant(self._where_data_is(), tf.int32)
        if chosen.csi == "ls":
            self._estimate = AntennaEstimator(chosen, self.resource_grid, self.slots)
        if chosen.csi != "perfect":
            self._regression = self._learn()
        # a separate graph, which is traced once for all graphs that call it
        self._draw = tf.function(self._draw_slots, autograph=False)

    def draw_groups(self, groups: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Draw a state for each of ``groups`` at the scalar noise power ``no``."""
        return self._draw(groups, no)

    def _draw_slots(self, groups: int | tf.Tensor, no: tf.Tensor) -> ChannelState:
        scores = config.tf_rng.uniform([groups, self.settings.num_data_elements])
        uses = tf.math.top_k(scores, k=self.num_uses).indices
        elements = tf.gather(self._data_elements, uses)
        slots, gain = self.slots(groups), None
        if not has_unit_energy(self.slots):  # unlike the statistics
            gain = slot_energy(slots)
            slots, no = in_units(slots, tf.sqrt(gain)), no / gain
        h, h_hat = (
            tf.transpose(_at(grid, elements), [0, 3, 1, 2]) for grid in self._observe(slots, no)
        )
        if self.settings.csi == "perfect":
            mean, variances = h_hat, tf.zeros([groups, self.num_uses], self.rdtype)
        else:
            coefficients, variances = (
                tf.gather(table, uses, axis=-1, batch_dims=no.shape.rank)
                for table in self._regression(no)
            )
            mean = coefficients[..., tf.newaxis, tf.newaxis] * h_hat
        if gain is not None:
            h, h_hat, mean = (in_units(part, tf.math.rsqrt(gain)) for part in (h, h_hat, mean))
            variances = in_units(variances, 1.0 / gain)
        return ChannelState(h, h_hat, mean, variances)

    @property
    def interference_floor_db(self) -> float | None:
        """Interference that the model neglects, relative to the signal [dB], if known."""
        return floor_db(self.slots)

    def summary(self) -> str:
        """Summary of channel, antennas and neglected interference in one line."""
        return slot_summary(self.settings, self.interference_floor_db, name_of(self.source))

    def channel_uses(self) -> float:
        """``num_uses``, plus their proportional share of the pilots of the slot."""
        chosen = self.settings
        elements = chosen.num_ofdm_symbols * chosen.num_subcarriers
        return self.num_uses * elements / chosen.num_data_elements

    def _observe(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Channel and estimate, [num_slots, num_rx_ant, num_tx_ant, all elements in use]."""
        h = slots[..., self._delay :, :]
        now = _flat(self._remove_nulled(h))
        if self.settings.csi == "perfect":
            return now, now
        if self.settings.csi == "ls":
            return now, _flat(self._estimate(h, no))
        return now, _flat(self._remove_nulled(slots[..., : -self._delay, :]))

    def _learn(self) -> RegressionTable:
        """Learn the regression of the channel on its estimate over many slots."""
        noise_powers = 10.0 ** (-CALIBRATION_SNRS_DB / 10)

        def observe(slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, ...]:
            return tuple(_at(grid, self._data_elements) for grid in self._observe(slots, no))

        if self.settings.csi == "ls":
            tables = learn(observe, self._chunks(), noise_powers)
            return RegressionTable(noise_powers, *tables, precision=self.precision)
        ends = noise_powers[[0, -1]]  # a delay does not depend on the noise
        tables = learn(observe, self._chunks(), ends, per_element=False)
        width = self.settings.num_data_elements
        wide = [np.repeat(table, width, axis=1) for table in tables]
        return RegressionTable(ends, wide[0], wide[1], precision=self.precision)

    def _chunks(self) -> Iterator[tf.Tensor]:
        pool = self.slots.pool if has_unit_energy(self.slots) else None
        if pool is None:
            yield from (self._drawn(CHUNK) for _ in range(CALIBRATION_SLOTS // CHUNK))
            return
        size = pool.shape[0]
        for _ in range(-(-CALIBRATION_SLOTS // size)):  # with different noise
            yield from (pool[start : start + CHUNK] for start in range(0, size, CHUNK))

    def _drawn(self, num_slots: int) -> tf.Tensor:
        """Slots with unit mean energy."""
        slots = self.slots(num_slots)
        if has_unit_energy(self.slots):
            return slots
        return in_units(slots, tf.sqrt(slot_energy(slots)))

    def _where_data_is(self) -> np.ndarray:
        """Indices of data elements, over OFDM symbols and used subcarriers."""
        chosen = self.settings
        elements = np.arange(chosen.num_ofdm_symbols * chosen.num_subcarriers)
        symbols = elements // chosen.num_subcarriers
        return elements[~np.isin(symbols, chosen.pilot_ofdm_symbol_indices)]


def _flat(grid: tf.Tensor) -> tf.Tensor:
    """Reshape [num_slots, 1, num_rx_ant, 1, num_tx_ant, T, F] to [..., num_tx_ant, T * F]."""
    shape = tf.shape(grid)
    return tf.reshape(grid, [shape[0], grid.shape[2], grid.shape[4], -1])


def _at(grid: tf.Tensor, elements: tf.Tensor) -> tf.Tensor:
    """Gather ``elements``, [K] or [num_slots, K], of the last axis of ``grid``."""
    return tf.gather(grid, elements, axis=-1, batch_dims=elements.shape.rank - 1)
