# SPDX-License-Identifier: Apache-2.0
"""Base class of OFDM links of several users."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ...mapping.packing import SlotPacker
from ..base import Link
from ..ofdm.link import OFDMLink
from .base import MultiUserLink
from .channel import UserSlots


class MultiUserOFDMLink(MultiUserLink, OFDMLink):
    r"""OFDM link of several users.

    For grid, pilots, estimator and equalizer, :math:`K` users with :math:`S` streams each are
    equivalent to one transmitter with :math:`KS` streams. All users share the same slots. With
    orthogonal access, each user has every ``num_users``-th slot.
    """

    def __init__(self, *, channel: Any = None, **settings: Any) -> None:
        super().__init__(channel=channel, **settings)
        self._packer = SlotPacker(self._room, self.settings.interleaver_seed)

    @property
    def _room(self) -> int:
        """Number of symbols of a user per slot."""
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
        """Send ``symbols`` [num_transmissions, batch, num_symbols]; users alternate over rows."""
        return Link.transmit_in_turn(self, symbols, no)

    def channel_uses(self, num_symbols: int, num_latents: int = 1) -> int:
        """Resource elements of the occupied slots, without empty subcarriers.

        Rows are sent by all users: ``num_users`` rows share slots, unless ``user`` is given.
        """
        settings, rounds = self.settings, self.num_rounds(num_latents)
        slots = self._packer.num_slots(rounds, num_symbols, separate=not settings.packing)
        slots *= settings.num_users // settings.active_users
        return slots * settings.num_ofdm_symbols * settings.num_subcarriers
