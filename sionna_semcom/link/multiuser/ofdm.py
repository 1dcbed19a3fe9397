# SPDX-License-Identifier: Apache-2.0
"""What links of several users on OFDM slots have in common."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ...mapping.packing import SlotPacker
from ..base import Link
from ..ofdm.link import OFDMLink
from .base import MultiUserLink
from .channel import UserSlots


class MultiUserOFDMLink(MultiUserLink, OFDMLink):
    r"""Users on OFDM slots: grid, pilots, estimator and equalizer are those of one transmitter.

    For all of these :math:`K` users of :math:`S` streams are one transmitter of :math:`KS`
    streams. Each user fills the same slots with streams of its own, or with orthogonal access
    every ``num_users``-th slot.
    """

    def __init__(self, *, channel: Any = None, **settings: Any) -> None:
        super().__init__(channel=channel, **settings)
        self._packer = SlotPacker(self._room, self.settings.interleaver_seed)

    @property
    def _room(self) -> int:
        """Symbols of a user in a slot."""
        return int(self._capacity // self.settings.active_users)

    def _make_channel(self) -> UserSlots:
        return UserSlots(self.settings, self.resource_grid, self.source)

    def transmit_users(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send checked ``symbols`` of all users [batch, num_users, num_symbols]."""
        batch, _, num_symbols = tf.unstack(tf.shape(symbols))
        separate = no.shape.rank == 1 or not self.settings.packing
        rows = [symbols[:, user] for user in range(self.settings.num_users)]
        slots = tf.stack([self._packer.pack(row, separate) for row in rows], 1)
        sizes = tf.shape(slots)
        slots = tf.reshape(slots, [-1, self._capacity])
        if no.shape.rank == 1:
            no = tf.repeat(no, tf.shape(slots)[0] // batch)

        def unpack(x: tf.Tensor) -> tf.Tensor:
            users = tf.unstack(tf.reshape(x, sizes), num=len(rows), axis=1)
            users = [self._packer.unpack(one, batch, num_symbols, separate) for one in users]
            return tf.stack(users, 1)

        symbols_hat, no_eff = map(unpack, self._slots(slots, no))
        return symbols_hat, no_eff

    def transmit_in_turn(self, symbols: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Send ``symbols`` [num_transmissions, batch, num_symbols], rows of users in turn."""
        return Link.transmit_in_turn(self, symbols, no)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Resource elements, without empty subcarriers, of the slots that the rows occupy.

        The rows are those of all users: ``num_users`` rows share slots, unless all are of one
        ``user``.
        """
        settings, rounds = self.settings, self.num_rounds(num_latents)
        slots = self._packer.num_slots(rounds, num_symbols, separate=not settings.packing)
        slots *= settings.num_users // settings.active_users
        return slots * settings.num_ofdm_symbols * settings.num_subcarriers
