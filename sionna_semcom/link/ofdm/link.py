# SPDX-License-Identifier: Apache-2.0
"""MIMO-OFDM link."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from sionna.phy.ofdm import (
    RemoveNulledSubcarriers,
    ResourceGrid,
    ResourceGridMapper,
)
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from ...channel.awgn import ScaledAWGN
from ...channel.slots.budgeted import BudgetedSlots, Drops, budget_of, seen_drops
from ...channel.slots.channel import received
from ...channel.slots.interference import slot_summary
from ...channel.slots.resource_grid import lengthened_grid, resource_grid
from ...channel.slots.source import SlotSource, floor_db
from ...channel.slots.time_channel import TimeChannel, TimeSlots
from ...channel.sources import ChannelSource, chosen_source, name_of, slot_source, split_channel
from ...mapping.packing import SlotPacker
from ..base import LINKS
from ..estimation.estimator import learned_estimate, split_estimator
from ..estimation.network import LearnedEstimator
from ..estimation.observation import Arrived, Observation
from ..estimation.slot_error import SlotError
from ..figures import collecting, wanted
from .ageing import ages, precoded
from .equalization import SlotEqualizer
from .interference import drop_figures, interference
from .precoding import PrecodedChannel
from .receiver import OFDMReceiver
from .settings import OFDMSettings
from .slot_learning import MEDIAN_SNRS_DB, drop_count, learn_slots


@LINKS.register(OFDMSettings)
class OFDMLink(OFDMReceiver):
    r"""MIMO-OFDM over a TR 38.901 channel, with pilots, precoding, estimation and equalization.

    .. math::

        \mathbf{y}_{s,n} = \mathbf{H}_{s,n}\mathbf{G}_{s,n}\mathbf{x}_{s,n} + \mathbf{w}_{s,n},
        \qquad \lVert\mathbf{G}_{s,n}\rVert_F^2 = 1

    on OFDM symbol :math:`s` and subcarrier :math:`n`::

        symbols ─ pack ─ grid + pilots ─ G ─ H ─ (+) ─ LS ─ equalize ─ unpack ─ symbols_hat
                                                  no                            no_eff

    where :math:`\mathbf{G}_{s,n}` is the precoder. The total transmit power per resource element is
    one, including pilots. With :math:`S` streams, a data symbol has the power :math:`1/S`, and each
    stream sends unit-power pilots on its own subcarriers. The energy of the channel between all
    antennas is normalized in each slot. If each transmit antenna has its own stream, the SNR,
    averaged over antennas and resource elements, is therefore :math:`1/N_0` in every slot. The
    channel energy of fewer streams, or of precoded streams, varies between slots.

    With ``domain="time"``, the samples of the OFDM symbols are filtered with time-varying taps (see
    :class:`~sionna_semcom.channel.slots.time_channel.TimeChannel`), with the same channels, noise
    and SNR. The channel of a resource element is its gain. Contributions of other resource
    elements, due to paths beyond the cyclic prefix and channel variations within an OFDM symbol,
    are interference. The receiver knows the mean interference power, which is part of ``no_eff``.

    With ``csi="delayed"``, transmitter and receiver know the channel of each resource element
    ``csi_delay`` OFDM symbols ago, and its correlation with the current channel. The precoder is
    computed from the old channel. The energy is normalized over the slot and the time before it.

    Gradients flow from ``symbols_hat`` to ``symbols`` through the equalizer and the channel. They
    do not flow through channel estimation, because pilots do not depend on the symbols.

    See :class:`~sionna_semcom.link.Link` for input and output. Latents share slots if ``no`` is a
    scalar. If ``no`` is a vector, each latent has its own slots.

    Parameters
    ----------
    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Source of the channels: the name of a ``model``, settings of a source such as
        ``{"kind": "cir", "path": "x.h5"}``, a source, or a Sionna channel model with one
        transmitter and one receiver. By default (`None`), ``model`` is used
    estimator : `None` | "learned" | `dict` | :class:`~sionna_semcom.link.LearnedEstimator`
        Network that refines the channel estimate: its settings, or a layer, which several links
        can share. By default (`None`), the estimate is not refined

    Raises
    ------
    ValueError
        If the settings are incompatible, or ``channel`` is incompatible with the settings
    """

    def __init__(self, *, channel: Any = None, estimator: Any = None, **settings: Any) -> None:
        source, settings = split_channel(channel, settings)
        network, settings = split_estimator(estimator, settings)
        super().__init__(**settings)
        self._files = dict(self.settings.estimator_files)
        self.source = self._make_source(source)
        self.resource_grid = self._make_grid()
        self.channel = self._make_channel()
        self.budget = budget_of(self.channel)
        self._capacity = self.settings.streams * int(self.resource_grid.num_data_symbols)
        self._packer = SlotPacker(self._capacity, self.settings.interleaver_seed)
        self._mapper = ResourceGridMapper(self.resource_grid, precision=self.precision)
        self._graphs: dict[tuple[Any, int], Any] = {}
        self._precode = self._make_precoder()
        self._awgn = ScaledAWGN(precision=self.precision)
        self._equalize = self._make_equalizer()
        self._remove_nulled = RemoveNulledSubcarriers(self.resource_grid, precision=self.precision)
        self._time = self._make_time()
        self.estimator = network
        """Network that refines the estimate, or `None`."""
        self._estimate: Any = None
        """Function from the received signal and noise power to estimate and error variance."""
        if (chosen := self.settings.learned) is not None:
            self.estimator = network or LearnedEstimator(**chosen.model_dump(exclude={"kind"}))
            self._estimate = learned_estimate(
                self._least_squares(), self.estimator, self.resource_grid, self.precision
            )
        elif self.settings.csi == "ls":
            self._estimate = self._estimator()
            if isinstance(self._estimate, SlotError):
                drops = seen_drops(self.channel, drop_count(self.slot_settings))
                learn_slots(self._estimate, drops, MEDIAN_SNRS_DB, self._send_known)
        elif self._delay or self._time is not None:
            known = self._aged() if self._delay else self._perfect
            self._estimate = self._learned(known, self._experience())

    def get_config(self) -> dict[str, Any]:
        """Arguments of an equal link, without trained weights, which are saved with the system."""
        config = super().get_config()
        if self.settings.learned is not None:
            config["estimator"] = {**config["estimator"], "weights": None}
        return config

    def _make_grid(self) -> ResourceGrid:
        return resource_grid(self.settings)

    def _make_channel(self) -> Any:
        grid = lengthened_grid(self.resource_grid, self.settings, self._delay)
        return slot_source(self.settings, grid, self.source)

    def _make_time(self) -> TimeChannel | None:
        """Time-domain channel, or `None`."""
        settings = self.slot_settings
        if settings.domain == "frequency":
            return None
        return TimeChannel(settings, self.channel.max_delay, self._delay)

    def _make_precoder(self) -> Any:
        return PrecodedChannel(self.settings)

    def _make_equalizer(self) -> Any:
        return SlotEqualizer(self.settings, self.resource_grid)

    def _make_source(self, source: ChannelSource | None) -> ChannelSource | None:
        return chosen_source(self.settings, source)

    @property
    def interference_floor_db(self) -> float | None:
        """Neglected interference relative to the signal [dB], `None` if unknown."""
        return floor_db(self.channel)

    def summary(self) -> str:
        """Describe channel, antennas, neglected interference and powers in one line."""
        line = slot_summary(self.settings, self.interference_floor_db, name_of(self.source))
        return line if self.budget is None else f"{line}; {self.budget.summary()}"

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``."""
        symbols_hat, no_eff = self.transmit_in_turn(symbols[tf.newaxis], no)
        return symbols_hat[0], no_eff[0]

    def transmit_in_turn(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send ``symbols`` [num_transmissions, batch, num_symbols], each transmission in new slots.

        ``channel`` draws the slots of all transmissions together, in the order of the
        transmissions, so that they can be correlated. Each transmission uses a different
        interleaver, so that the residual interference between streams is independent. The output
        has the shape of ``symbols``. Metrics of slots are recorded for each row, from the first
        slot of its first transmission.
        """
        collection = wanted() if self._has_figures else None
        if collection is None:
            return self._transmit_packed(symbols, no)
        with collecting() as slots:
            output = self._transmit_packed(symbols, no)
        begins = self._first_slots(symbols[0], no)
        collection.note({n: tf.gather(value, begins) for n, value in slots.figures().items()})
        return output

    @property
    def _has_figures(self) -> bool:
        """Whether slots have metrics, which are recorded in the graph of the caller."""
        return self.budget is not None

    def _first_slots(self, symbols: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """First slot of each row: [batch]."""
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        if no.shape.rank == 1 or not self.settings.packing:
            return tf.range(batch) * -(-num_symbols // self._packer.capacity)
        return tf.range(batch) * num_symbols // self._packer.capacity

    def _transmit_packed(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        number = symbols.shape[0]
        batch, num_symbols = tf.unstack(tf.shape(symbols)[1:])
        separate = no.shape.rank == 1 or not self.settings.packing
        seed, capacity = self.settings.interleaver_seed, self._packer.capacity
        others = [SlotPacker(capacity, seed + later) for later in range(1, number)]
        packers = [self._packer, *others]
        sent = zip(packers, tf.unstack(symbols), strict=True)
        slots = tf.concat([packer.pack(one, separate) for packer, one in sent], axis=0)
        if no.shape.rank == 1:
            no = tf.tile(tf.repeat(no, tf.shape(slots)[0] // (number * batch)), [number])

        def unpack(received: tf.Tensor) -> tf.Tensor:
            parts = zip(packers, tf.split(received, number), strict=True)
            rows = [packer.unpack(one, batch, num_symbols, separate) for packer, one in parts]
            return tf.ensure_shape(tf.stack(rows), symbols.shape)

        symbols_hat, no_eff = (unpack(part) for part in self._slots(slots, no))
        return symbols_hat, no_eff

    @property
    def slot_settings(self) -> Any:
        """Settings of the slots."""
        return self.settings

    def _slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send ``slots``; graphs share one nested graph of the slots."""
        alone = tf.executing_eagerly() or not isinstance(self.channel, SlotSource)
        alone = alone or (self._has_figures and wanted() is not None)
        # a channel that was replaced may contain layers, which need the graph of the caller; under
        # XLA, a nested graph has no gradient through Sionna's pilots
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
        observed = self._observe(slots, no, self._draw(tf.shape(slots)[0]))
        return observed.symbols_hat, observed.no_eff

    def _observe(self, slots: tf.Tensor, no: tf.Tensor, drawn: Any) -> Observation:
        arrived = self._arrive(slots, no, drawn)
        if self.budget is not None and (collection := wanted()) is not None:
            collection.note(drop_figures(drawn.index, arrived.gain, arrived.no))
        return self._receive(slots, arrived)

    def _arrive(self, slots: tf.Tensor, no: tf.Tensor, drawn: Any) -> Arrived:
        """Receive ``slots`` over the channels ``drawn``."""
        streams = self.settings.streams
        x = self._mapper(tf.reshape(slots, [-1, 1, streams, self._capacity // streams]))
        y, _, h, gain = self._propagate(x, drawn, no)
        y = self._awgn(y, no)
        others = None if self.budget is None else interference(drawn, no, self.budget)
        if others is not None:
            y, no = y + others.signal, others.power
        return Arrived(y, h, no, gain, others)

    def _draw(self, num_slots: int | tf.Tensor) -> Drops | TimeSlots:
        """Draw channels of slots: frequency responses, with drops if known, or taps."""
        if self._time is not None:
            return self._time(self.channel, num_slots)
        if isinstance(self.channel, BudgetedSlots):
            return self.channel.draw(num_slots)
        return Drops(self.channel(num_slots), -1 - tf.range(num_slots), None)

    def _kept(self, rows: tf.Tensor) -> Drops | TimeSlots:
        """Channels of the slots ``rows`` of a pool or a file, in the format of `_draw`."""
        if self._time is None:
            return Drops(self.channel.kept(rows), rows, None)
        return self._time.kept(self.channel, rows)

    def _propagate(
        self, x: tf.Tensor, drawn: Any, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | None]:
        """Received grids, effective channel, known effective channel, and energy of the slots."""
        h, known = precoded(self._precode, drawn.h, no, self._delay)
        if self._time is None:
            return received(x, h), h, known, self._gain(drawn.h)
        past = ages(drawn.h, self._delay)[1]
        y = self._time.send(self._precode.spread(x, past, no), drawn.taps)
        return y, h, known, self._gain(drawn.h)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Resource elements of the occupied slots, without empty subcarriers."""
        separate = not self.settings.packing
        slots = self._packer.num_slots(num_latents, num_symbols, separate)
        return slots * self.settings.num_ofdm_symbols * self.settings.num_subcarriers
