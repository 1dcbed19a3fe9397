# SPDX-License-Identifier: Apache-2.0
"""Stand-in for a link, at which the graph of a system is cut in two."""

from __future__ import annotations

import tensorflow as tf

from ...link import Link


class CutLink(Link):
    """Link that keeps the symbols that are sent, and returns symbols that are given.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link`
        Link of the system, whose number of parts is that of the stand-in
    symbols_hat : [batch, num_symbols], `tf.complex`
        Received symbols
    no_eff : [batch, num_symbols], `tf.float`
        Their effective noise power
    """

    def __init__(self, link: Link, symbols_hat: tf.Tensor, no_eff: tf.Tensor) -> None:
        super().__init__()
        self._num_parts = link.num_parts if isinstance(link, Link) else 1
        self._received = symbols_hat, no_eff
        self.sent: list[tf.Tensor] = []

    @property
    def num_parts(self) -> int:
        """Parts of a row that are sent one after the other."""
        return self._num_parts

    def call(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Keep ``symbols``, and return the given symbols."""
        return self.transmit(symbols, no)

    def transmit(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Keep ``symbols``, and return the given symbols."""
        self.sent.append(symbols)
        return self._received

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """One for each symbol."""
        return num_symbols * num_latents
