# SPDX-License-Identifier: Apache-2.0
"""PUSCH link."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf
from sionna.phy.channel import RayleighBlockFading
from sionna.phy.nr import PUSCHConfig, PUSCHLSChannelEstimator, PUSCHPilotPattern
from sionna.phy.ofdm import OFDMEqualizer, ResourceGrid
from sionna.phy.utils import complex_normal

from ...channel.slots.channel import received
from ...channel.slots.interference import slot_summary
from ...channel.slots.resource_grid import resource_grid
from ...channel.slots.source import SlotSource
from ...channel.sources import ModelSource, name_of, slot_source
from ...mapping.packing import SlotPacker
from ...metrics import ber, bler
from ..base import EBNO_AXIS, LINKS
from ..estimation.learned_error import Estimator, LearnedError
from ..estimation.seen import seen_slots
from ..figures import wanted
from ..ofdm.link import OFDMLink
from ..ofdm.reported_noise import WITHOUT_STATISTICS, warn_of_reported_noise
from .channel import LayerChannel, SizedEstimate, layer_statistics
from .configuration import precoding_matrix, settings_of
from .equalization import make_equalizer
from .interpolation import FixedLayerInterpolator, LayerInterpolator, LMMSELayerInterpolator
from .pilot_groups import PilotGroups
from .settings import PUSCHSettings
from .transport_block import TransportBlock, check_bits


@LINKS.register(PUSCHSettings)
class PUSCHLink(OFDMLink):
    r"""Latents in the data elements of a 5G NR PUSCH slot, optionally with coded bits.

    .. math::

        \mathbf{y}_{s,n} = \mathbf{H}_{s,n}\mathbf{W}\mathbf{x}_{s,n} + \mathbf{w}_{s,n},
        \qquad \lVert\mathbf{W}\rVert_F^2 = 1

    on OFDM symbol :math:`s` and subcarrier :math:`n`::

        latents ─ pack ┐                                         ┌ unpack ─ latents_hat
                       ├ layers + DMRS ─ W ─ H ─ (+) ─ LS, equalize
        bits ─ encoder ┘                          no             └ decoder ─ bits_hat

    Slot, reference signals (DMRS), layers, precoding matrix and transport block follow 3GPP TS
    38.211, 38.212 and 38.214 and are implemented with Sionna's blocks. With :math:`S` layers, a
    data symbol has the power :math:`1/S`. The power of reference signals is higher if resource
    elements of other CDM groups carry no data, as in the standard. The energy of the channel is
    normalized in each slot, except with ``model="flat"``. With ``domain="time"``, slots are sent as
    samples, as in :class:`~sionna_semcom.link.OFDMLink`. All OFDM symbols then have the shorter
    cyclic prefix of the standard, rounded up to whole samples.

    The receiver knows the channel statistics and the error variance of its estimates, which it has
    learned in many slots (`LearnedError`). The error variance of Sionna's estimator only includes
    noise.

    See :class:`~sionna_semcom.link.Link` for input and output, and
    :class:`~sionna_semcom.link.OFDMLink` for packing and gradients. With ``transport_block``, every
    slot also carries random bits. ``measure`` of a system then also returns their block error rate
    ``bler``, bit error rate ``ber`` and rate of failed CRCs ``crc_failure``, for the slot in which
    the latent begins.

    Parameters
    ----------
    config : `None` | :class:`~sionna.phy.nr.PUSCHConfig`
        Sionna's configuration, from which settings are read. Explicit settings take precedence

    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Source of the channels, which replaces ``model``, as in
        :class:`~sionna_semcom.link.OFDMLink`. A link with a channel model cannot be saved

    Raises
    ------
    ValueError
        If the settings are incompatible, or ``channel`` has other numbers of antennas
    """

    def __init__(
        self,
        config: PUSCHConfig | None = None,
        channel: Any = None,
        **settings: Any,
    ) -> None:
        given = {} if config is None else settings_of(config)
        block = settings.get("transport_block")
        if config is not None and isinstance(block, dict):
            coding = {name: getattr(config.tb, name) for name in ("mcs_index", "mcs_table", "n_id")}
            settings["transport_block"] = coding | block
        super().__init__(channel=channel, **given | settings)
        self.transport_block: TransportBlock | None = None
        """Coded bits of a slot, or `None`."""
        if self.settings.transport_block is not None:
            self._share_slots(TransportBlock(self.settings))

    def _share_slots(self, block: TransportBlock) -> None:
        """Assign data elements to ``block``, and the remaining elements to latents."""
        self.transport_block = block
        others = np.setdiff1d(np.arange(self._capacity), block.positions)
        self._room = len(others)
        self._order = np.argsort(np.concatenate([others, block.positions]))
        self._others = others
        if self._room:
            self._packer = SlotPacker(self._room, self.settings.interleaver_seed)

    @property
    def interference_floor_db(self) -> float | None:
        """Neglected interference relative to the signal [dB], `None` if unknown."""
        return None if self._is_flat else super().interference_floor_db

    def summary(self) -> str:
        """Describe channel, antennas, neglected interference and powers in one line."""
        name = "flat" if self._is_flat else name_of(self.source)
        line = slot_summary(self.settings.slots, self.interference_floor_db, name)
        return line if self.budget is None else f"{line}; {self.budget.summary()}"

    @property
    def slot_settings(self) -> Any:
        """Settings of the slots."""
        return self.settings.slots

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``."""
        if self.transport_block is not None and not self._room:
            raise ValueError(
                "the transport block leaves no resource element for latents; reduce its `share`, "
                "or use `send_bits`. Received: symbols"
            )
        return super().transmit(symbols, no)

    @property
    def _has_figures(self) -> bool:
        return self.transport_block is not None or super()._has_figures

    def _slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if self.transport_block is None:
            return super()._slots(slots, no)
        return self._transmit_slots(slots, no)  # metrics of bits must be in the caller's graph

    def _transmit_slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        block = self.transport_block
        if block is None:
            return super()._transmit_slots(slots, no)
        bits = block.draw(tf.shape(slots)[0])
        latents, coded = self._transmit_shared(slots, block, bits, no)
        collection = wanted()
        if collection is not None:
            bits_hat, right = block.decode(*coded)
            collection.note({"bler": bler(bits, bits_hat), "ber": ber(bits, bits_hat)})
            collection.note({"crc_failure": tf.logical_not(right)})
        return latents

    def _transmit_shared(
        self, slots: tf.Tensor, block: TransportBlock, bits: tf.Tensor, no: tf.Tensor
    ) -> Any:
        """Send latents and ``bits``; return symbols and noise powers of both."""
        both = tf.gather(tf.concat([slots, block.encode(bits)], axis=1), self._order, axis=1)
        output = super()._transmit_slots(both, no)
        return [
            tuple(tf.gather(part, places, axis=1) for part in output)
            for places in (self._others, block.positions)
        ]

    def send_bits(self, bits: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send one transport block per slot, with Gaussian symbols instead of latents.

        Input
        -----
        bits : [num_slots, transport_block.size], `tf.float`
            Information bits

        no : [] or [num_slots], `tf.float`
            Noise power per receive antenna

        Output
        ------
        bits_hat : as ``bits``
            Decoded bits

        right : [num_slots], `tf.bool`
            Whether the CRC check was successful

        Raises
        ------
        ValueError
            If the link has no transport block, ``bits`` have an invalid shape or are not zeros and
            ones, or ``no`` is invalid
        """
        block = self.transport_block
        if block is None:
            raise ValueError("`send_bits` requires the setting `transport_block`. Received: None")
        bits, no = check_bits(bits, no, block.size, self.rdtype)
        latents = complex_normal([tf.shape(bits)[0], self._room], precision=self.precision)
        _, coded = self._transmit_shared(latents, block, bits, no)
        bits_hat, right = block.decode(*coded)
        return tf.ensure_shape(bits_hat, bits.shape), right

    @property
    def _is_flat(self) -> bool:
        return self.source is None and self.settings.model == "flat"

    def snr_offset_db(self, axis: str) -> float:
        """Difference [dB] between the SNR and a value along ``axis``, such as Eb/N0 of the bits.

        As in Sionna, Eb/N0 uses the code rate of the MCS table. The rate of a small transport block
        is up to 0.4 dB lower, because its size is rounded.
        """
        if axis != EBNO_AXIS or self.settings.transport_block is None:
            return super().snr_offset_db(axis)
        coding = self.settings.config.tb
        return self.ebno_offset_db(int(coding.num_bits_per_symbol), float(coding.target_coderate))

    def _make_grid(self) -> ResourceGrid:
        slots = self.settings.slots
        pattern = PUSCHPilotPattern(self.settings.config, precision=slots.precision)
        return resource_grid(slots, pattern)

    def _make_channel(self) -> SlotSource:
        slots, grid = self.settings.slots, self.resource_grid
        if self._is_flat:
            model = RayleighBlockFading(
                1, slots.num_rx_ant, 1, slots.num_tx_ant, precision=slots.precision
            )
            return ModelSource(model, normalize="none").slots(slots, grid)
        return slot_source(slots, grid, self.source)

    def _make_equalizer(self) -> OFDMEqualizer:
        return make_equalizer(self.settings.slots, self.resource_grid)

    def _make_precoder(self) -> LayerChannel:
        return LayerChannel(precoding_matrix(self.settings.config), self.settings.precision)

    def _estimator(self) -> Estimator:
        if not self.settings.knows_statistics:
            warn_of_reported_noise(WITHOUT_STATISTICS)
            return self._least_squares()
        h = self._seen_layers()
        estimate = self._least_squares(h)
        if self._time is not None:
            return self._learned(estimate, self._experience())
        receive = functools.partial(self._error_ratio, h)
        return LearnedError(estimate, self.resource_grid, receive, self.precision)

    def _seen_layers(self) -> tf.Tensor:
        """Effective channels of the layers in slots that the receiver has seen."""
        return self._precode(seen_slots(self.channel), tf.zeros([]))

    def _least_squares(self, h: tf.Tensor | None = None) -> SizedEstimate:
        settings, dmrs = self.settings, self.settings.dmrs
        interpolator = None
        if settings.knows_statistics:
            interpolator = self._interpolator(self._seen_layers() if h is None else h)
        estimate = PUSCHLSChannelEstimator(
            self.resource_grid,
            dmrs.length,
            len(settings.pilot_symbols) // dmrs.length - 1,
            dmrs.num_cdm_groups_without_data,
            interpolation_type="nn" if interpolator else settings.interpolation,
            interpolator=interpolator,
            precision=settings.precision,
        )
        sizes = settings.streams, settings.num_subcarriers
        return SizedEstimate(estimate, sizes, settings.precision)

    def _interpolator(self, h: tf.Tensor) -> LayerInterpolator:
        settings, pattern = self.settings, self.resource_grid.pilot_pattern
        groups = PilotGroups(pattern, settings.dmrs.length)
        known = groups, layer_statistics(h), settings.precision
        if settings.interpolation == "lmmse":
            return LMMSELayerInterpolator(*known)
        return FixedLayerInterpolator(settings.interpolation, pattern, *known)

    def _error_ratio(self, h: tf.Tensor, estimate: Estimator, snr_db: float) -> tf.Tensor:
        """Squared error / ``no_eff`` of symbols over the slots ``h`` with ``estimate``."""
        no = tf.constant(10.0 ** (-snr_db / 10.0), self.rdtype)
        elements = int(self.resource_grid.num_data_symbols)
        shape = [h.shape[0], 1, self.settings.streams, elements]
        x = complex_normal(shape, precision=self.precision)
        y = self._awgn(received(self._mapper(x), h), no)
        x_hat, no_eff = self._equalize(y, *estimate(y, no), no)
        return (tf.abs(x_hat - x) ** 2 / no_eff)[:, 0]
