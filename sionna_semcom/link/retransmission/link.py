# SPDX-License-Identifier: Apache-2.0
"""A row of symbols in several transmissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ... import metrics
from ...channel.sources.slot_sequence import SlotSequence
from ..base import LINKS, Link, LinkSettings
from ..figures import Collection, wanted
from ..ofdm.link import OFDMLink
from ..wrapping import WrappingLink
from .combining import arrived_after_each, combined_after_each
from .settings import PERCENTILES, RetransmissionSettings

SNR_EDGES_DB = np.arange(-30.0, 60.1, 0.25)  # of the histogram behind percentiles
_PADDING = np.exp(0.25j * np.pi)  # of the last part of a row, with the power of a symbol


@LINKS.register(RetransmissionSettings)
class RetransmissionLink(WrappingLink):
    r"""Sends each row of symbols several times over another link, or in several parts.

    ::

        symbols ─┬─ link, slot 0 ───────── x̂_1, N_1 ─┐
                 ├─ link, slot gap ─────── x̂_2, N_2 ─┼─ combine ─ symbols_hat, no_eff
                 └─ link, slot 2 gap ───── x̂_3, N_3 ─┘

    Symbols that are sent ``"again"`` are combined by the noise that the link reports for each
    transmission (maximum-ratio combining, :func:`maximum_ratio_combining`):

    .. math::

        \hat{x} = \frac{\sum_i \hat{x}_i / N_i}{\sum_i 1 / N_i}, \qquad
        N = \frac{1}{\sum_i 1 / N_i}

    Otherwise each transmission carries another of the ``"parts"`` of a row, and nothing is
    combined: a system whose decoder was trained with what :meth:`after_each` gives decides on the
    first part, which the others refine. The last part is padded if the row does not divide.

    Channels of transmissions are independent unless there is a ``gap``: long afterwards, or on
    another frequency. With one, an OFDM link draws the channel from the first slot to the last, and
    its Doppler shifts decide how much of it is the same (`SlotSequence`). Its slots then fade as a
    whole unless ``normalize`` is "slot", with one transmission as well: the energy of the slots is
    one on average, and the receiver knows that of each.

    The feedback that asks for a transmission is free of errors and of cost, and what comes later
    waits: the delay is ``gap`` slots for each further transmission.

    SNR and :math:`E_b/N_0` are those of one transmission: further ones add energy that they do not
    count.

    See :class:`~sionna_semcom.link.Link` for input and output. ``measure`` of a system over the
    link also gives, for each row, ``transmissions``, the ``spent_channel_uses`` (with
    a share of pilots and padding) and the effective SNR [dB] of its mean ``no_eff``: the mean over
    rows, ``effective_snr_mean``, and the 5th and 50th percentile, ``effective_snr_p5`` and
    ``effective_snr_p50``, within 0.25 dB and between -30 and 60 dB.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        Link that carries each transmission, or its settings. Its slots become those of the
        retransmissions if there is a ``gap``

    Raises
    ------
    ValueError
        If the settings cannot work together, or ``link`` is a MIMO channel, takes symbols of
        several transmitters alone, measures something itself, or with ``gap`` has no channel that
        evolves
    """

    def __init__(self, link: Link | LinkSettings | dict[str, Any], **settings: Any) -> None:
        self._given = link if isinstance(link, Link) else None
        super().__init__(link, **settings)
        if self.settings.gap is not None and isinstance(self.link, OFDMLink):
            self.link.channel = SlotSequence(
                self.link.slot_settings,
                self.link.resource_grid,
                self.link.channel,
                self.link.source,
                self.settings.num_transmissions,
                self.settings.gap,
                self.settings.normalize or "average",
            )

    @property
    def aggregates(self) -> Mapping[str, metrics.Percentile]:
        """Percentiles of the effective SNR."""
        return {
            f"effective_snr_p{percent}": metrics.Percentile(percent, SNR_EDGES_DB)
            for percent in PERCENTILES
        }

    @property
    def num_transmissions(self) -> int:
        """Transmissions of a row."""
        return int(self.settings.num_transmissions)

    @property
    def num_parts(self) -> int:
        """Parts of a row that are sent one after the other, each with the power of a row."""
        return self.num_transmissions if self.settings.sends == "parts" else 1

    def get_config(self) -> dict[str, Any]:
        """The settings but for weights, and a link that was built before with what it drew then."""
        config = super().get_config()
        if self._given is None:
            return _without_weights(config)
        return {**config, "link": keras.saving.serialize_keras_object(self._given)}

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` at noise power ``no``."""
        symbols_hat, no_eff = (part[-1] for part in self.transmit_each(symbols, no))
        collection = wanted()
        if collection is not None:
            counts = tf.fill(tf.shape(symbols)[:1], self.num_transmissions)
            self._note(collection, counts, no_eff)
        return symbols_hat, no_eff

    def transmit_each(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols``; what has arrived after each transmission, see `after_each`."""
        symbols, no = tf.cast(symbols, self.link.cdtype), tf.cast(no, self.link.rdtype)
        symbols_hat, no_eff = self._arrived(symbols, no)
        return tf.cast(symbols_hat, self.cdtype), tf.cast(no_eff, self.rdtype)

    def _arrived(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        number = self.num_transmissions
        if self.settings.sends == "again":
            sent = tf.tile(symbols[tf.newaxis], [number, 1, 1])
            return combined_after_each(*self.link.transmit_in_turn(sent, no))
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        padding = tf.fill([batch, -num_symbols % number], tf.cast(_PADDING, symbols.dtype))
        rows = tf.reshape(tf.concat([symbols, padding], axis=1), [batch, number, -1])
        received = self.link.transmit_in_turn(tf.transpose(rows, [1, 0, 2]), no)
        symbols_hat, no_eff = (
            tf.ensure_shape(part[..., :num_symbols], [number, *symbols.shape])
            for part in arrived_after_each(*received)
        )
        return symbols_hat, no_eff

    def note_spent(self, counts: tf.Tensor, no_eff: tf.Tensor) -> None:
        """Note what rows have cost, for whoever measures; see :class:`Link`."""
        collection = wanted()
        if collection is not None:
            self._note(collection, counts, no_eff)

    def _note(self, collection: Collection, counts: tf.Tensor, no_eff: tf.Tensor) -> None:
        batch, num_symbols = (
            tf.shape(no_eff)[axis] if size is None else size
            for axis, size in enumerate(no_eff.shape)
        )
        uses: Any = self.link.channel_uses(self._symbols_at_once(num_symbols), batch)
        share = tf.cast(uses, tf.float32) / tf.cast(batch, tf.float32)
        arrived = tf.math.is_finite(no_eff)
        noise = tf.math.divide_no_nan(
            tf.reduce_sum(tf.where(arrived, no_eff, 0.0), 1),
            tf.reduce_sum(tf.cast(arrived, no_eff.dtype), 1),
        )
        lowest, highest = 10.0 ** (-SNR_EDGES_DB[[-1, 0]] / 10.0)
        snr_db = -10.0 / np.log(10.0) * tf.math.log(tf.clip_by_value(noise, lowest, highest))
        figures = {
            "transmissions": tf.cast(counts, tf.float32),
            "spent_channel_uses": tf.cast(counts, tf.float32) * share,
            "effective_snr_mean": snr_db,
        }
        collection.note(figures)
        collection.note({name: one.components(snr_db) for name, one in self.aggregates.items()})

    def _symbols_at_once(self, num_symbols: Any) -> Any:
        """Symbols of a transmission of a row."""
        if self.settings.sends == "again":
            return num_symbols
        return -(-num_symbols // self.num_transmissions)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of all transmissions of ``num_latents`` rows."""
        at_once = self.link.channel_uses(self._symbols_at_once(num_symbols), num_latents)
        return self.num_transmissions * at_once


def _without_weights(config: dict[str, Any]) -> dict[str, Any]:
    """``config`` of a link without weights, which the system that it is part of saves."""
    if config.get("estimator"):
        return {**config, "estimator": {**config["estimator"], "weights": None}}
    return {**config, "link": _without_weights(config["link"])} if "link" in config else config
