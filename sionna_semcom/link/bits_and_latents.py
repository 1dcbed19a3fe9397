# SPDX-License-Identifier: Apache-2.0
"""Coded bits and latents in one row over any link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import keras
import tensorflow as tf
from pydantic import Field, model_validator
from sionna.phy.mapping import BinarySource

from .base import LINKS, Link, LinkSettings
from .coded import CodedTransmission, codeword_symbols
from .figures import wanted
from .wrapping import WrappingLink, WrappingSettings


class BitsAndLatentsSettings(WrappingSettings):
    """Settings of `BitsAndLatentsLink`."""

    kind: Literal["bits_and_latents"] = "bits_and_latents"
    """Selects this link in a study."""
    link: Annotated[LinkSettings, LINKS]
    """Link that carries the row."""
    num_info_bits: int = Field(default=64, ge=12, le=8448)
    """Information bits of the codeword that is sent with each row."""
    coderate: float = Field(default=0.5, gt=0.0)
    """Code rate, from 0.2 to 0.95."""
    num_bits_per_symbol: int = Field(default=2, ge=2)
    """Bits per QAM symbol, an even number."""
    num_iter: int = Field(default=20, ge=1)
    """Decoding iterations."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Metrics of the bits and of the link."""
        return ("bler", "ber", *self.link.metric_names)

    @property
    def code(self) -> tuple[int, float, int]:
        """Information bits, code rate and bits per symbol."""
        return self.num_info_bits, self.coderate, self.num_bits_per_symbol

    @model_validator(mode="after")
    def _check_code(self) -> BitsAndLatentsSettings:
        codeword_symbols(*self.code)
        return self

    @model_validator(mode="after")
    def _check_link(self) -> BitsAndLatentsSettings:
        if {"bler", "ber"} & set(self.link.metric_names):
            raise ValueError(f"`link` already carries bits. Received: {self.link.kind!r}")
        return self


@LINKS.register(BitsAndLatentsSettings)
class BitsAndLatentsLink(WrappingLink):
    r"""Sends a codeword of random bits with the symbols of each row over another link.

    ::

        symbols ─────────────┐                ┌─ symbols_hat, no_eff
                             ├─ interleave ─ link
        bits ─ LDPC ─ QAM ───┘                └─ demapper ─ LDPC decoder ─ bits_hat

    A row of :math:`N` symbols is extended by the :math:`C` symbols of a codeword, which take the
    share :math:`C / (N + C)` of the row. See :class:`CodedTransmission` for :math:`C`. The symbols
    of the codeword are spread evenly over the row, so that bits and latents use the same channel
    with the same power. The output of the link contains only the latents.

    See :class:`~sionna_semcom.link.Link` for input and output. ``measure`` of a system over the
    link also returns the block error rate ``bler`` and the bit error rate ``ber`` of the codewords.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        Link that carries the row, or its settings

    Raises
    ------
    ValueError
        If 5G NR has no such code; or if ``link`` is a MIMO channel, accepts only symbols of
        several transmitters or already carries bits
    """

    def __init__(self, link: Link | LinkSettings | dict[str, Any], **settings: Any) -> None:
        super().__init__(link, **settings)
        own = {"num_iter": self.settings.num_iter, "precision": self.settings.precision}
        self._coded = CodedTransmission(self.link, *self.settings.code, **own)
        self._source = BinarySource(precision=self.precision)

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Aggregates of ``link``."""
        return dict(self.link.aggregates)

    def get_config(self) -> dict[str, Any]:
        """Settings, and the configuration of the link with its random draws."""
        config = self.settings.model_dump(mode="json", exclude={"kind"})
        return {**config, "link": keras.saving.serialize_keras_object(self.link)}

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` with random bits at noise power ``no``."""
        batch, num_symbols = tf.unstack(tf.shape(symbols))
        bits = self._source([batch, self.settings.num_info_bits])
        coded = tf.cast(self._coded.encode(bits), symbols.dtype)
        order = _spread(num_symbols, self._coded.num_symbols)
        row = tf.gather(tf.concat([symbols, coded], axis=1), order, axis=1)
        received = [tf.gather(part, tf.argsort(order), axis=1) for part in self.link(row, no)]
        collection = wanted()
        if collection is not None:
            wrong = self._coded.decode(*(part[:, num_symbols:] for part in received)) != bits
            ber = tf.reduce_mean(tf.cast(wrong, tf.float32), 1)
            collection.note({"bler": tf.reduce_any(wrong, 1), "ber": ber})
        symbols_hat, no_eff = (
            tf.ensure_shape(part[:, :num_symbols], symbols.shape) for part in received
        )
        return symbols_hat, no_eff

    def share(self, num_symbols: int) -> float:
        """Share of coded symbols in a row with ``num_symbols`` symbols of latents."""
        return self._coded.num_symbols / (num_symbols + self._coded.num_symbols)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Channel uses of the link for rows and their codewords."""
        return self.link.channel_uses(num_symbols + self._coded.num_symbols, num_latents)


def _spread(*counts: int | tf.Tensor) -> tf.Tensor:
    """Order that spreads each of several concatenated sequences evenly over the row."""
    places = [
        (tf.range(count, dtype=tf.float32) + 0.5) / tf.cast(count, tf.float32) for count in counts
    ]
    return tf.argsort(tf.concat(places, axis=0), stable=True)
