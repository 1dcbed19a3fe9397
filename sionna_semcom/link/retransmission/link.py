# SPDX-License-Identifier: Apache-2.0
"""Link with several transmissions of each row."""

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

SNR_EDGES_DB = np.arange(-30.0, 60.1, 0.25)  # bins of the histogram for percentiles
_PADDING = np.exp(0.25j * np.pi)  # padding symbol of unit power


@LINKS.register(RetransmissionSettings)
class RetransmissionLink(WrappingLink):
    r"""Sends each row of symbols several times, or in several parts, over another link.

    ::

        symbols ─┬─ link, slot 0 ───────── x̂_1, N_1 ─┐
                 ├─ link, slot gap ─────── x̂_2, N_2 ─┼─ combine ─ symbols_hat, no_eff
                 └─ link, slot 2 gap ───── x̂_3, N_3 ─┘

    With ``sends="again"``, each transmission carries all symbols of the row. The receiver combines
    them with the ``no_eff`` of each transmission (:func:`maximum_ratio_combining`),

    .. math::

        \hat{x} = \frac{\sum_i \hat{x}_i / N_i}{\sum_i 1 / N_i}, \qquad
        N = \frac{1}{\sum_i 1 / N_i}

    With ``sends="parts"``, each transmission carries a different part of the row, and symbols are
    not combined. A system whose decoder was trained with the output of :meth:`after_each` makes a
    decision after the first part and refines it with each further part. The last part is padded if
    the number of symbols is not divisible by the number of transmissions.

    Without ``gap``, the channels of the transmissions are independent, such as channels that are
    far apart in time or frequency. With ``gap``, an OFDM link draws one channel that spans all
    slots, and the Doppler shifts determine the correlation between slots (`SlotSequence`). The
    energy of the slots then fades, unless ``normalize`` is "slot". It is one on average, and the
    receiver knows the energy of each slot. This also applies to a single transmission.

    The feedback that requests a transmission is free of errors and has no cost. Each further
    transmission adds a delay of ``gap`` slots.

    Source of maximum-ratio combining: D. G. Brennan, "Linear Diversity Combining Techniques", 1959.

    SNR and :math:`E_b/N_0` refer to a single transmission. They do not include the energy of
    further transmissions.

    See :class:`~sionna_semcom.link.Link` for input and output. ``measure`` of a system over the
    link also returns, for each row, the number of ``transmissions``, the ``spent_channel_uses``
    (including a share of pilots and padding), and the effective SNR [dB], which is the inverse of
    the mean ``no_eff``. Results contain its mean ``effective_snr_mean`` and its 5th and 50th
    percentiles, ``effective_snr_p5`` and ``effective_snr_p50``, with a resolution of 0.25 dB from
    -30 to 60 dB.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        Link that carries each transmission, or its settings. With ``gap``, its channel is replaced
        by the channel of all slots

    Raises
    ------
    ValueError
        If the settings are incompatible; or if ``link`` is a MIMO channel, accepts only symbols of
        several transmitters, has its own metrics, or with ``gap`` has a channel that does not
        evolve
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
        """Number of transmissions of a row."""
        return int(self.settings.num_transmissions)

    @property
    def num_parts(self) -> int:
        """Number of parts of a row that are sent one after another, each with unit power."""
        return self.num_transmissions if self.settings.sends == "parts" else 1

    def get_config(self) -> dict[str, Any]:
        """Settings without weights, or the configuration of a given link with its random draws."""
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
        """Send checked ``symbols`` and return the output of `after_each`."""
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
        """Record the cost of rows, see :meth:`Link.note_spent`."""
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
        """Number of symbols of a row in each transmission."""
        if self.settings.sends == "again":
            return num_symbols
        return -(-num_symbols // self.num_transmissions)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of all transmissions of ``num_latents`` rows."""
        at_once = self.link.channel_uses(self._symbols_at_once(num_symbols), num_latents)
        return self.num_transmissions * at_once


def _without_weights(config: dict[str, Any]) -> dict[str, Any]:
    """``config`` of a link without trained weights, which are saved with the system."""
    if config.get("estimator"):
        return {**config, "estimator": {**config["estimator"], "weights": None}}
    return {**config, "link": _without_weights(config["link"])} if "link" in config else config
