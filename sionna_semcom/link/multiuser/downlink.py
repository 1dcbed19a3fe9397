# SPDX-License-Identifier: Apache-2.0
"""Downlink to several users."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from sionna.phy.utils import complex_normal

from ...channel.slots.channel import received
from ...channel.slots.estimation import ls_estimator
from ...channel.slots.randomness import own_randomness
from ..base import LINKS
from ..ofdm.precoding import rzf_matrix
from ..ofdm.reported_noise import WITHOUT_STATISTICS, warn_of_reported_noise
from .channel import UserSlots
from .knowledge import StreamKnowledge, TransmitterKnowledge, by_user, slot_grid
from .ofdm import MultiUserOFDMLink
from .precoding import block_diagonal_matrix
from .settings import DownlinkSettings


@LINKS.register(DownlinkSettings)
class DownlinkLink(MultiUserOFDMLink):
    r"""Multi-user MIMO-OFDM downlink from a base station to several terminals.

    .. math::

        \mathbf{y}_{k,s,n} = \mathbf{H}_{k,s,n} \sum_{j=1}^{K}
        \mathbf{G}_{j,s,n}\mathbf{x}_{j,s,n} + \mathbf{w}_{k,s,n}, \qquad
        \mathbf{w} \sim \mathcal{CN}(\mathbf{0}, N_0\mathbf{I}), \qquad
        \sum_j \lVert\mathbf{G}_{j,s,n}\rVert_F^2 = 1

    on OFDM symbol :math:`s` and subcarrier :math:`n`, for :math:`K` users::

        users ─ pack ─ grid + pilots ─ G ┬ H_1 ─ (+) ─ LS ─ MMSE ─ user 1
                                         ┤ ...
                                         └ H_K ─ (+) ─ LS ─ MMSE ─ user K

    The precoder is computed from the channel knowledge of the base station. Each terminal estimates
    the effective channels of all streams from precoded pilots, and suppresses the streams of other
    users with its antennas. The residual interference is part of its ``no_eff``. The terminals know
    the error statistics of their estimates, unless ``statistics`` is "none".

    All streams have an equal share of the total power of one. With orthogonal access, the base
    station serves one user per slot with the full power. With power control, the energy of the
    channel of each user is normalized in each slot. With delayed channel knowledge, it is
    normalized over the slot and the time before it. Flat fading is normalized on average.

    Sources of the precoders: Peel, Hochwald, Swindlehurst, "A vector-perturbation technique for
    near-capacity multiantenna multiuser communication", 2005 (regularized zero-forcing); Spencer,
    Swindlehurst, Haardt, "Zero-forcing methods for downlink spatial multiplexing in multiuser MIMO
    channels", 2004 (block diagonalization).

    See :class:`~sionna_semcom.link.MultiUserLink` for input and output, and
    :class:`~sionna_semcom.link.OFDMLink` for packing and gradients.

    Parameters
    ----------
    channel : `None` | `str` | `dict` | `ChannelSource` | :class:`~sionna.phy.channel.ChannelModel`
        Source of the channel of each user, as in :class:`~sionna_semcom.link.OFDMLink`

    Raises
    ------
    ValueError
        If the settings are incompatible, or ``channel`` is incompatible with the settings
    """

    def _make_channel(self) -> UserSlots:
        return UserSlots(self.settings, slot_grid(self.settings), self.source)

    def _make_precoder(self) -> Any:
        self._known = TransmitterKnowledge(self.settings, self.channel)
        return self._precoded

    def _transmit_slots(self, slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        settings = self.settings
        users, streams = settings.active_users, settings.streams
        x = self._mapper(tf.reshape(slots, [-1, 1, streams, self._capacity // streams]))
        h = self._precode(self.channel(tf.shape(slots)[0]), no)
        noise = tf.repeat(no, users) if no.shape.rank else no
        y = self._awgn(by_user(received(x, h), users), noise)
        h_hat, err_var = self._user_knowledge(y, by_user(h, users), no)
        outputs = self._equalize(y, h_hat, err_var, noise)

        def own(x: tf.Tensor) -> tf.Tensor:
            """Select the streams of each user from the streams that the user has equalized."""
            x = tf.reshape(x, [-1, users, users, self._room])
            return tf.reshape(tf.einsum("nkkd->nkd", x), tf.shape(slots))

        symbols_hat, no_eff = map(own, outputs)
        return symbols_hat, no_eff

    def _precoded(self, channel: tf.Tensor, no: tf.Tensor) -> tf.Tensor:
        """Effective channel of all streams at all terminals, in the format of `PrecodedChannel`."""
        h, h_hat = (tf.transpose(x[:, 0, :, 0], [0, 3, 4, 1, 2]) for x in self._known(channel, no))
        if self.settings.precoding == "rzf":
            matrix = rzf_matrix(h_hat, tf.reshape(no, [-1, 1, 1]))
        else:
            matrix = block_diagonal_matrix(h_hat, self.settings.active_users)
        seen = tf.transpose(h @ tf.stop_gradient(matrix), [0, 3, 4, 1, 2])
        return seen[:, tf.newaxis, :, tf.newaxis]

    def _user_knowledge(
        self, y: tf.Tensor, h: tf.Tensor, no: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Estimated effective channels at the terminals; ``y`` and ``h`` have one user per row."""
        users = self.settings.active_users
        noise = tf.repeat(no, users) if no.shape.rank else no
        if self.settings.csi == "perfect" or self._streams_known is None:
            return self._channel_knowledge(y, h, noise, None)
        h_hat, err_var = self._streams_known(self._estimate(y, noise)[0], no)
        return tf.stop_gradient(h_hat), tf.stop_gradient(err_var)

    def _estimator(self) -> Any:
        estimate = ls_estimator(self.settings, self.resource_grid, None)
        self._streams_known: StreamKnowledge | None = None
        if not self.settings.knows_statistics:
            warn_of_reported_noise(WITHOUT_STATISTICS)
            return estimate
        users, streams = self.settings.active_users, self.settings.streams

        def observe(slots: tf.Tensor, no: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            h = self._precode(slots, no)
            shape = [tf.shape(slots)[0], 1, streams, self._capacity // streams]
            x = self._mapper(complex_normal(shape, precision=self.precision))
            y = self._awgn(by_user(received(x, h), users), no)
            return self._remove_nulled(by_user(h, users)), estimate(y, no)[0]

        with own_randomness():
            self._streams_known = StreamKnowledge(self.settings, observe, self.channel)
        return estimate
