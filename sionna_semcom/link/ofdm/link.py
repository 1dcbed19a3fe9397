# SPDX-License-Identifier: Apache-2.0
"""The MIMO-OFDM link."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.channel import AWGN
from sionna.phy.ofdm import RemoveNulledSubcarriers, ResourceGrid, ResourceGridMapper
from sionna.phy.utils import complex_normal
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from ...channel.noise import energy
from ...channel.slots.channel import in_units, received, slot_energy
from ...channel.slots.estimation import (
    known_covariances,
    ls_estimator,
    statistical_interpolator,
)
from ...channel.slots.interference import slot_summary
from ...channel.slots.interpolation import ChannelStatistics
from ...channel.slots.resource_grid import resource_grid
from ...channel.slots.source import SlotSource, floor_db, has_unit_energy
from ...channel.slots.time_channel import TimeChannel
from ...channel.sources import ChannelSource, chosen_source, name_of, slot_source, split_channel
from ...mapping.packing import SlotPacker
from ..base import LINKS, Link
from .equalization import SlotEqualizer
from .experience import (
    MOST_SLOTS,
    Estimator,
    Experience,
    Slots,
    WithInterference,
    seen_count,
    slots_of,
)
from .learned_error import LearnedError
from .precoding import CALIBRATION_NOISE, PrecodedChannel, stream_powers
from .reported_noise import (
    MOST_OFF,
    WITHOUT_STATISTICS,
    statistics_suffice,
    warn_of_reported_noise,
)
from .settings import OFDMSettings


@LINKS.register(OFDMSettings)
class OFDMLink(Link):
    r"""MIMO-OFDM over a TR 38.901 channel: pilots, precoding, estimation and equalization.

    .. math::

        \mathbf{y}_{s,n} = \mathbf{H}_{s,n}\mathbf{G}_{s,n}\mathbf{x}_{s,n} + \mathbf{w}_{s,n},
        \qquad \lVert\mathbf{G}_{s,n}\rVert_F^2 = 1

    on OFDM symbol :math:`s` and subcarrier :math:`n`::

        symbols ─ pack ─ grid + pilots ─ G ─ H ─ (+) ─ LS ─ equalize ─ unpack ─ symbols_hat
                                                  no                            no_eff

    Every resource element leaves with a total power of one, pilots included: a data symbol has
    power :math:`1/S`, and streams take turns at the pilots with power one. The energy of the
    channel between all antennas is normalized over each slot: the SNR, averaged over antennas and
    resource elements, is :math:`1/N_0` in every slot if each transmit antenna has a stream of its
    own. What fewer streams, or precoded ones, see of the energy differs from slot to slot.

    With ``domain="time"`` the grids are sent as samples through taps that change all the time (see
    :class:`~sionna_semcom.channel.slots.time_channel.TimeChannel`), with the same channels, noise
    and SNR. The channel is then what a resource element is to itself; everything else, of paths
    behind the prefix and of changes within an OFDM symbol, is interference. Its mean power is known
    to the receiver and counted in ``no_eff``.

    Gradients flow from ``symbols_hat`` to ``symbols`` through the channel and the equalizer;
    none flow through the estimate, which does not depend on the symbols.

    See :class:`~sionna_semcom.link.Link` for input and output. Latents share slots if ``no`` is a
    scalar; with a vector each has slots of its own.

    Parameters
    ----------
    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Where the channels come from: the name of a ``model``, settings of a source such as
        ``{"kind": "cir", "path": "x.h5"}``, a source, or any channel model of Sionna with one
        transmitter and one receiver. None is ``model``

    Raises
    ------
    ValueError
        If the settings cannot work together, or ``channel`` does not fit them
    """

    def __init__(self, *, channel: Any = None, **settings: Any) -> None:
        source, settings = split_channel(channel, settings)
        super().__init__(**settings)
        self.source = self._make_source(source)
        self.resource_grid = self._make_grid()
        self.channel = self._make_channel()
        self._capacity = self.settings.streams * int(self.resource_grid.num_data_symbols)
        self._packer = SlotPacker(self._capacity, self.settings.interleaver_seed)
        self._mapper = ResourceGridMapper(self.resource_grid, precision=self.precision)
        self._graphs: dict[tuple[Any, int], Any] = {}
        self._precode = self._make_precoder()
        self._awgn = AWGN(precision=self.precision)
        self._equalize = self._make_equalizer()
        self._remove_nulled = RemoveNulledSubcarriers(self.resource_grid, precision=self.precision)
        self._time = self._make_time()
        self._estimate: Any = None
        """From what the receiver observes and a noise power to estimate and error variance."""
        if self.settings.csi == "ls":
            self._estimate = self._estimator()
        elif self._time is not None:
            self._estimate = self._learned(self._perfect, self._experience())

    def _make_grid(self) -> ResourceGrid:
        return resource_grid(self.settings)

    def _make_channel(self) -> Any:
        return slot_source(self.settings, self.resource_grid, self.source)

    def _make_time(self) -> TimeChannel | None:
        """What sends in the time domain, or none."""
        if self.settings.domain == "frequency":
            return None
        return TimeChannel(self.settings, self.channel.max_delay)

    def _make_precoder(self) -> Any:
        return PrecodedChannel(self.settings)

    def _make_equalizer(self) -> Any:
        return SlotEqualizer(self.settings, self.resource_grid)

    def _make_source(self, source: ChannelSource | None) -> ChannelSource | None:
        return chosen_source(self.settings, source)

    @property
    def interference_floor_db(self) -> float | None:
        """Interference that the model leaves out, relative to the signal [dB], where known."""
        return floor_db(self.channel)

    def summary(self) -> str:
        """One line: the channel, the antennas, and the interference that is left out."""
        return slot_summary(self.settings, self.interference_floor_db, name_of(self.source))

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``."""
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        separate = no.shape.rank == 1 or not self.settings.packing
        slots = self._packer.pack(symbols, separate)
        if no.shape.rank == 1:
            no = tf.repeat(no, tf.shape(slots)[0] // batch)
        symbols_hat, no_eff = (
            tf.ensure_shape(self._packer.unpack(x, batch, num_symbols, separate), symbols.shape)
            for x in self._slots(slots, no)
        )
        return symbols_hat, no_eff

    def _slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send ``slots``, in a graph by a graph of their own, which all graphs over it share."""
        alone = tf.executing_eagerly() or not isinstance(self.channel, SlotSource)
        # another channel may have layers, and a phase; XLA has no gradient of Sionna's pilots in a
        # graph that does not know that it is compiled
        if alone or GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()):
            return self._transmit_slots(slots, no)
        key = (self.channel, no.shape.rank)  # the channel may have been replaced
        if key not in self._graphs:
            signature = [
                tf.TensorSpec([None, self._capacity], self.cdtype),
                tf.TensorSpec([None] * no.shape.rank, self.rdtype),
            ]
            self._graphs[key] = tf.function(
                self._transmit_slots, input_signature=signature, autograph=False
            )
        symbols_hat, no_eff = self._graphs[key](tf.cast(slots, self.cdtype), no)
        return symbols_hat, no_eff

    def _transmit_slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        streams = self.settings.streams
        x = self._mapper(tf.reshape(slots, [-1, 1, streams, self._capacity // streams]))
        y, h, gain = self._propagate(x, self._drawn(tf.shape(slots)[0]), no)
        y = self._awgn(y, no)
        h_hat, err_var = self._channel_knowledge(y, h, no, gain)
        x_hat, no_eff = self._equalize(y, h_hat, err_var, no)
        return tf.reshape(x_hat, tf.shape(slots)), tf.reshape(no_eff, tf.shape(slots))

    def _drawn(self, num_slots: int | tf.Tensor) -> Any:
        """Channels of ``num_slots`` slots: frequency responses, or those of the time domain."""
        if self._time is None:
            return self.channel(num_slots)
        return self._time(self.channel, num_slots)

    def _kept(self, rows: tf.Tensor) -> Any:
        """Channels of the slots ``rows`` of a pool or a file, as those of `_drawn`."""
        if self._time is None:
            return self.channel.kept(rows)
        return self._time.kept(self.channel, rows)

    def _propagate(
        self, x: tf.Tensor, drawn: Any, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]:
        """What arrives of grids ``x``, what the streams see, and the energy of the slots."""
        if self._time is None:
            h = self._precode(drawn, no)
            return received(x, h), h, self._gain(drawn)
        y = self._time.send(self._precode.spread(x, drawn.h, no), drawn.taps)
        return y, self._precode(drawn.h, no), self._gain(drawn.h)

    def _gain(self, channel: tf.Tensor) -> tf.Tensor | None:
        """Energy of each slot of a channel in units of its own, none if it is one by design."""
        return None if has_unit_energy(self.channel) else slot_energy(channel)

    def _channel_knowledge(
        self, y: tf.Tensor, h: tf.Tensor, no: tf.Tensor, gain: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        if self._estimate is None:
            return self._perfect(h, no)
        observed = y if self.settings.csi == "ls" else h
        h_hat, err_var = self._estimate_in_units(observed, no, gain)
        # the pilots carry no weights, so the estimate has no gradient to pass on; saying so
        # spares the backward pass through the estimator and the equalizer's matrices
        return tf.stop_gradient(h_hat), tf.stop_gradient(err_var)

    def _estimate_in_units(
        self, y: tf.Tensor, no: tf.Tensor, gain: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimate with an automatic gain control: statistics are those of unit energy."""
        if gain is None:
            return self._estimate(y, no)
        h_hat, err_var = self._estimate(in_units(y, tf.sqrt(gain)), no / gain)
        return in_units(h_hat, tf.math.rsqrt(gain)), in_units(err_var, 1.0 / gain)

    def _perfect(self, h: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The channel on the subcarriers in use, and no error."""
        return self._remove_nulled(h), tf.zeros([], self.rdtype)

    def _estimator(self) -> Any:
        """The estimator, with what a receiver knows of the channel after many slots."""
        settings, grid = self.settings, self.resource_grid
        interpolator = statistical_interpolator(settings, grid, self._statistics())
        estimate = ls_estimator(settings, grid, interpolator)
        if interpolator is None:
            warn_of_reported_noise(WITHOUT_STATISTICS)
            return estimate
        if self._time is None and statistics_suffice(settings, interpolator):
            return estimate
        return self._learned(estimate, self._experience())

    def _experience(self) -> Experience:
        """Slots that the receiver has seen."""
        settings, kept = self.settings, self.channel.num_kept
        pairs = settings.num_rx_ant * settings.num_tx_ant
        most = seen_count(pairs * settings.num_ofdm_symbols * settings.fft_size, MOST_SLOTS)
        draw = self._drawn if kept is None else self._kept
        return Experience(draw, self._known_slots, most, kept)

    def _known_slots(self, drawn: Any) -> Slots:
        """Send known symbols over the channels ``drawn``, without noise."""
        size, streams = tf.shape(tf.nest.flatten(drawn)[0])[0], self.settings.streams
        shape = [size, 1, streams, self._capacity // streams]
        symbols = complex_normal(shape, precision=self.precision)
        x = self._mapper(symbols)
        no = tf.constant(CALIBRATION_NOISE, self.rdtype)
        return slots_of(symbols[:, 0], x, *self._propagate(x, drawn, no))

    def _learned(self, estimate: Estimator, experience: Experience) -> LearnedError:
        """``estimate`` with the interference and the errors that the receiver has seen."""
        if self._time is not None:
            used = np.array(self.resource_grid.effective_subcarrier_ind)
            left = experience.interference(used)
            estimate = WithInterference(estimate, left, self.settings.streams, self.precision)

        def receive(slots: Slots, estimate: Estimator, no: tf.Tensor) -> tf.Tensor:
            y = self._awgn(slots.y, no)
            observed = y if self.settings.csi == "ls" else slots.h
            symbols_hat, no_eff = self._equalize(y, *estimate(observed, no), no)
            return energy(symbols_hat - slots.symbols) / no_eff

        ratio = experience.error_ratio(receive)
        learned = LearnedError(estimate, self.resource_grid, ratio, self.precision)
        if learned.off > MOST_OFF:
            warn_of_reported_noise(f"it was {learned.off:.0%} off in the slots that were learned")
        return learned

    def _statistics(self) -> ChannelStatistics | None:
        if not self.settings.knows_statistics:
            return None
        covariances = known_covariances(self.settings, self.resource_grid, self.channel)
        return ChannelStatistics(*covariances, stream_powers(self._precode, self.channel))

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Resource elements, without empty subcarriers, of the slots that the latents occupy."""
        separate = not self.settings.packing
        slots = self._packer.num_slots(num_latents, num_symbols, separate)
        return slots * self.settings.num_ofdm_symbols * self.settings.num_subcarriers
