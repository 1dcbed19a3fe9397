# SPDX-License-Identifier: Apache-2.0
"""Channel knowledge of the receiver of an OFDM link."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.ofdm import (
    LSChannelEstimator,
    RemoveNulledSubcarriers,
    ResourceGrid,
    ResourceGridMapper,
)
from sionna.phy.utils import complex_normal

from ...channel.awgn import ScaledAWGN
from ...channel.noise import energy
from ...channel.slots.budgeted import BudgetedSlots, Drops, unseen_drops
from ...channel.slots.channel import in_units, slot_energy
from ...channel.slots.estimation import (
    known_covariances,
    ls_estimator,
    statistical_interpolator,
)
from ...channel.slots.interpolation import ChannelStatistics
from ...channel.slots.source import has_unit_energy
from ...channel.slots.time_channel import TimeChannel, TimeSlots
from ..base import Link
from ..estimation.experience import (
    MAX_FRESH,
    MOST_FRESH,
    MOST_SLOTS,
    Experience,
    Slots,
    WithInterference,
    seen_count,
    slots_of,
)
from ..estimation.learned_error import SNRS_DB, Estimator, LearnedError
from ..estimation.network import LearnedEstimator
from ..estimation.observation import Arrived, Observation
from ..estimation.seen import seen_slots
from ..estimation.slot_error import SlotError, among, slot_error
from .ageing import AgedEstimate, known_in_units, precoded
from .interference import Interference, error_parts
from .precoding import CALIBRATION_NOISE, stream_powers
from .reported_noise import (
    MOST_OFF,
    WITHOUT_STATISTICS,
    statistics_suffice,
    warn_of_reported_noise,
)
from .slot_learning import BUDGET_SNRS_DB, drop_count, learn_slots


class OFDMReceiver(Link):
    """Base class of links whose receiver estimates the channel and knows the error variance.

    `OFDMLink` constructs the attributes that this class declares, and implements transmission.
    """

    channel: Any
    resource_grid: ResourceGrid
    estimator: LearnedEstimator | None
    _capacity: int
    _mapper: ResourceGridMapper
    _precode: Any
    _awgn: ScaledAWGN
    _equalize: Any
    _remove_nulled: RemoveNulledSubcarriers
    _time: TimeChannel | None
    _estimate: Any

    @property
    @abstractmethod
    def slot_settings(self) -> Any:
        """Settings of the slots."""

    @abstractmethod
    def _draw(self, num_slots: int | tf.Tensor) -> Drops | TimeSlots:
        """Draw channels of slots."""

    @abstractmethod
    def _kept(self, rows: tf.Tensor) -> Drops | TimeSlots:
        """Channels of the slots ``rows`` of a pool or a file."""

    @abstractmethod
    def _propagate(
        self, x: tf.Tensor, drawn: Any, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | None]:
        """Received grids, effective channel, known effective channel, and energy of the slots."""

    @abstractmethod
    def _arrive(self, slots: tf.Tensor, no: tf.Tensor, drawn: Any) -> Arrived:
        """Receive ``slots`` over the channels ``drawn``."""

    @abstractmethod
    def _observe(self, slots: tf.Tensor, no: tf.Tensor, drawn: Any) -> Observation:
        """Send ``slots`` over the channels ``drawn``."""

    def observe(self, channel: tf.Tensor, no: tf.Tensor) -> Observation:
        """Send Gaussian symbols over a channel, and return channel, estimate and symbols.

        Input
        -----
        channel : [num_slots, 1, num_rx_ant, 1, num_tx_ant, num_ofdm_symbols, fft_size],
            `tf.complex`
            Channel of the antennas, such as ``link.channel(num_slots)``

        no : [] or [num_slots], `tf.float`
            Noise power per receive antenna

        Output
        ------
        : `Observation`
            Effective channel of the streams, its estimate, and symbols

        Raises
        ------
        ValueError
            If the link uses the time domain or ``csi="delayed"``, which need other channels
        """
        if self._time is not None:
            raise ValueError(
                "`observe` requires a link with `domain`='frequency'. Received: domain='time'"
            )
        if self._delay:
            raise ValueError(
                "`observe` requires a link with `csi`='perfect' or 'ls'. Received: csi='delayed'"
            )
        size = [tf.shape(channel)[0], self._capacity]
        slots = complex_normal(size, precision=self.precision)
        drops = Drops(channel, -1 - tf.range(size[0]), None)
        observed = self._observe(slots, tf.cast(no, self.rdtype), drops)
        return observed._replace(h=self._remove_nulled(observed.h))

    def _receive(self, slots: tf.Tensor, arrived: Arrived) -> Observation:
        """Estimate the channel and equalize the received signal."""
        y, h, no, gain, others = arrived
        h_hat, err_var = self._channel_knowledge(y, h, no, gain, others)
        if others is not None:
            y, h_hat = self._whiten(others, y, h_hat, gain)
        x_hat, no_eff = self._equalize(y, h_hat, err_var, no)
        x_hat, no_eff = (tf.reshape(output, tf.shape(slots)) for output in (x_hat, no_eff))
        return Observation(h, h_hat, err_var, slots, x_hat, no_eff)

    def calibrate(self) -> None:
        """Calibrate ``no_eff`` to the trained weights of the estimator, if the link has one.

        Slots of a channel model are not taken from its pool, which was used in training.
        """
        if self.estimator is not None:
            drops = unseen_drops(self.channel, drop_count(self.slot_settings))
            learn_slots(self._estimate, drops, self._estimate.snrs_db, self._send_known)

    def _gain(self, channel: tf.Tensor) -> tf.Tensor | None:
        """Energy of each slot of a channel in its own unit, `None` if it is normalized."""
        return None if has_unit_energy(self.channel) else slot_energy(channel)

    def _channel_knowledge(
        self, y: tf.Tensor, h: tf.Tensor, no: tf.Tensor, gain: tf.Tensor | None, others: Any = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if self._estimate is None:
            return self._perfect(h, no)
        observed = y if self.settings.csi == "ls" else h
        known = self._estimate if others is None else among(self._estimate, others.share)
        h_hat, err_var = self._estimate_in_units(observed, no, gain, known)
        if self.estimator is not None:
            return h_hat, err_var
        # pilots do not depend on weights, so that gradients of the estimate are zero; stopping them
        # avoids the backward pass through the estimator
        return tf.stop_gradient(h_hat), tf.stop_gradient(err_var)

    def _whiten(
        self, others: Interference, y: tf.Tensor, h_hat: tf.Tensor, gain: tf.Tensor | None
    ) -> list[tf.Tensor]:
        """Whiten signal and estimate, including the estimation error, over antennas."""
        if self.settings.csi == "perfect":
            return others.whiten([y, h_hat], 0.0, 0.0)
        known = self._estimate
        if isinstance(known, SlotError):  # the scaling of the error does not change directions
            known = known.uncorrected
        parts = error_parts(
            lambda no: self._estimate_in_units(y, no, gain, known)[1],
            others.power,
            self.settings.streams,
        )
        return others.whiten([y, h_hat], *map(tf.stop_gradient, parts))

    def _estimate_in_units(
        self, y: tf.Tensor, no: tf.Tensor, gain: tf.Tensor | None, estimate: Any = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate with automatic gain control, because statistics refer to unit energy."""
        estimate = estimate or self._estimate
        if gain is None:
            return estimate(y, no)
        h_hat, err_var = estimate(known_in_units(y, tf.sqrt(gain)), no / gain)
        return in_units(h_hat, tf.math.rsqrt(gain)), in_units(err_var, 1.0 / gain)

    def _least_squares(self) -> LSChannelEstimator:
        """Least-squares estimator that a network refines."""
        return ls_estimator(self.settings, self.resource_grid, self._statistical_interpolator())

    def _statistical_interpolator(self) -> Any:
        """Interpolator that uses the channel statistics, if the receiver knows them."""
        return statistical_interpolator(self.settings, self.resource_grid, self._statistics())

    @property
    def _delay(self) -> int:
        """Age of the channel knowledge [OFDM symbols], or zero."""
        settings = self.slot_settings
        return int(settings.csi_delay) if settings.csi == "delayed" else 0

    def _aged(self) -> AgedEstimate:
        """Estimator of the current channel from the old channel."""
        no = tf.constant(CALIBRATION_NOISE, self.rdtype)
        now, past = precoded(self._precode, seen_slots(self.channel), no, self._delay)
        return AgedEstimate(now, past, self._remove_nulled, self.precision)

    def _perfect(self, h: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Channel without nulled subcarriers, and an error variance of zero."""
        return self._remove_nulled(h), tf.zeros([], self.rdtype)

    def _estimator(self) -> Estimator:
        """Estimator, with the statistics and errors that a receiver has learned in many slots."""
        settings, interpolator = self.settings, self._statistical_interpolator()
        estimate = ls_estimator(settings, self.resource_grid, interpolator)
        if interpolator is None:
            warn_of_reported_noise(WITHOUT_STATISTICS)
            return estimate
        if isinstance(self.channel, BudgetedSlots):
            others, grid = self.slot_settings.num_interferers > 0, self.resource_grid
            return slot_error(estimate, grid, BUDGET_SNRS_DB, self.precision, interferers=others)
        if self._time is None and statistics_suffice(settings, interpolator):
            return estimate
        return self._learned(estimate, self._experience())

    def _send_known(self, no: tf.Tensor, drawn: Drops) -> tuple[Arrived, Observation]:
        """Send Gaussian symbols over the channels ``drawn``."""
        size = [tf.shape(drawn.h)[0], self._capacity]
        slots = complex_normal(size, precision=self.precision)
        arrived = self._arrive(slots, no, drawn)
        return arrived, self._receive(slots, arrived)

    def _experience(self) -> Experience:
        """Slots in which the receiver has learned the error of its estimates."""
        settings, kept = self.slot_settings, self.channel.num_kept
        antennas, streams = settings.num_rx_ant, settings.streams
        again = self._precode.follows_noise  # slots are then sent again for each SNR
        grid = settings.num_ofdm_symbols * settings.fft_size * (len(SNRS_DB) if again else 1)
        seen = antennas + streams + (antennas * streams if settings.csi != "ls" else 0)
        draw: Any = self._draw
        most = seen_count(seen * grid, MOST_FRESH, MAX_FRESH)
        if kept is not None:
            draw, most = self._kept, seen_count(antennas * settings.num_tx_ant * grid, MOST_SLOTS)
        return Experience(draw, self._known_slots, most, kept, again)

    def _known_slots(self, drawn: Any, no: tf.Tensor) -> Slots:
        """Send known symbols without noise, with precoders of ``no`` in units of the channel."""
        size, streams = tf.shape(drawn.h)[0], self.settings.streams
        shape = [size, 1, streams, self._capacity // streams]
        symbols = complex_normal(shape, precision=self.precision)
        x, gain = self._mapper(symbols), self._gain(drawn.h)
        no = tf.cast(no, self.rdtype)
        y, h, known, _ = self._propagate(x, drawn, no if gain is None else no * gain)
        slots = slots_of(symbols[:, 0], x, y, h, gain)
        if not self._delay:
            return slots if self.settings.csi == "perfect" else slots._replace(h=None)
        return slots._replace(h=known if gain is None else known_in_units(known, tf.sqrt(gain)))

    def _learned(self, estimate: Estimator, experience: Experience) -> LearnedError:
        """``estimate`` with the interference and errors that the receiver has measured."""
        if self._time is not None:
            used = np.array(self.resource_grid.effective_subcarrier_ind)
            left = experience.interference(used)
            estimate = WithInterference(estimate, left, self.settings.streams, self.precision)

        def receive(slots: Slots, estimate: Estimator, no: tf.Tensor) -> tf.Tensor:
            y = self._awgn(slots.y, no)
            observed = y if self.settings.csi == "ls" else slots.h
            outputs = self._equalize(y, *estimate(observed, no), no)
            symbols_hat, no_eff = (tf.reshape(x, tf.shape(slots.symbols)) for x in outputs)
            return energy(symbols_hat - slots.symbols) / no_eff

        ratio = experience.error_ratio(receive)
        learned = LearnedError(estimate, self.resource_grid, ratio, self.precision)
        if not learned.off <= MOST_OFF:
            warn_of_reported_noise(f"it differed by {learned.off:.0%} in the calibration slots")
        return learned

    def _statistics(self) -> ChannelStatistics | None:
        if not self.settings.knows_statistics:
            return None
        covariances = known_covariances(self.settings, self.resource_grid, self.channel)
        return ChannelStatistics(*covariances, stream_powers(self._precode, self.channel))
