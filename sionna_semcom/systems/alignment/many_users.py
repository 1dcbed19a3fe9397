# SPDX-License-Identifier: Apache-2.0
"""System for latent-space alignment between a base station and several users."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import tensorflow as tf

from ... import metrics
from ..._parts import describe
from ...channel import ChannelState
from ...channel.noise import energy
from ..base.contract import Batch
from .system import AlignmentSystem, AlignmentSystemSettings
from .user_receivers import UserReceivers


class ManyUserAlignmentSystemSettings(AlignmentSystemSettings):
    """Common settings of alignment systems of several users."""

    direction: Literal["downlink", "uplink"] = "downlink"
    """Whether the base station transmits to users, or users transmit to it"""


@functools.partial(describe, settings=ManyUserAlignmentSystemSettings)
class ManyUserAlignmentSystem(AlignmentSystem):
    r"""Aligns the latents of a base station with those of several users' networks.

    .. code-block:: text

        downlink:                           ┌─ H_1 ─ (+) ─ decoder 1 ─ head of network 1 ─ class
        station's network ─ shared precoder ┤
                                            └─ H_K ─ (+) ─ decoder K ─ head of network K ─ class

        uplink:
        network 1 ─ precoder 1 ─ H_1 ─┐          ┌─ decoder 1 ─┐
                                      ├─ (+) ────┤             ├─ head of the station's network
        network K ─ precoder K ─ H_K ─┘          └─ decoder K ─┘

    Each user draws a channel of its own from the link, which all latents of a group share. In the
    downlink, all users receive the same latents. In the uplink, users transmit at the same time:
    row :math:`b` of user :math:`k` is sample :math:`b - k` of the batch, so inputs differ. The SNR
    is the total transmit power of station or users per resource element over the noise power per
    receive antenna.

    Source of the problem: downlink alignment with a shared pre-equalizer, arXiv:2602.17271.

    Parameters
    ----------
    aligner : `BroadcastAligner` | `UplinkAligner` | `MultiLinkAligner`
        Designs precoders and decoders; must be fitted
    pairs : sequence of :class:`~sionna_semcom.datasets.LatentPairs`
        Latents and receiver's head of the link of each user,
        see :meth:`~sionna_semcom.datasets.UserLatents.pairs`
    link : :class:`~sionna_semcom.channel.MIMOChannel`
        Channel of each user; may be replaced at any time
    snr_db : `float` | (`float`, `float`)
        SNR [dB] of training, or the range of a uniform distribution in dB
    metric : `None` (identity) | [m_1 + ... + m_K, m_1 + ... + m_K], `float`
        Metric of the training loss, for the errors of all users side by side

    Input
    -----
    inputs : `dict`
        ``station`` [batch, d] and ``users`` [batch, m_1 + ... + m_K + ...], the latents of all
        users side by side. The first K users are used. For metrics also ``label`` [batch]
    snr_db : `None` (drawn as in training) | [], `float`
        SNR [dB]

    Output
    ------
    : `dict` of [batch, m_k], `float`
        Latents of the link of each user, ``user_0``, ``user_1``, ..., in the receiver's latent
        space
    """

    settings_class = ManyUserAlignmentSystemSettings
    receiver_class: ClassVar[Any] = UserReceivers

    @property
    def num_users(self) -> int:
        """Number of users."""
        return len(self.receiver.users)

    @property
    def receiver(self) -> Any:
        """Heads of the receivers and properties of the latents of each user's link."""
        return self._user_receivers

    @receiver.setter
    def receiver(self, receiver: Any) -> None:
        self._user_receivers = receiver
        self._user_heads = [
            (tf.constant(one.kernel, tf.float32), tf.constant(one.bias, tf.float32))
            for one in receiver.users
        ]

    def _heads_in_use(self) -> tuple[Hashable, ...]:
        return tuple(tensor.ref() for head in self._user_heads for tensor in head)

    @property
    def aggregates(self) -> Mapping[str, Callable[..., float]]:
        """Metrics that are functions of means: those of the link, and that of the worst user."""
        return {**super().aggregates, "worst_accuracy": lambda *means: float(np.min(means))}

    def call(
        self,
        inputs: Batch,
        snr_db: tf.Tensor | float | None = None,
        training: bool = False,
    ) -> dict[str, tf.Tensor]:
        """Transmit and align ``inputs``."""
        received, _ = self._exchange(inputs, snr_db, training)
        return {f"user_{user}": own for user, own in enumerate(received)}

    def _exchange(
        self, inputs: Batch, snr_db: tf.Tensor | float | None, training: bool
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Received latents of each user's link, and the power [batch] per resource element."""
        no = self.noise_power(snr_db)
        batch = tf.shape(inputs["station"])[0]
        h, pair = self._designed(self._draw(batch, no), no, training)
        groups = tf.shape(h)[0]
        if self.settings.direction == "downlink":
            x = tf.cast(pair.precode(self._grouped(inputs["station"], groups)), h.dtype)
            y = self.link(x[:, tf.newaxis], h[:, :, tf.newaxis], no)
            power = tf.reduce_sum(energy(x), -1)
        else:
            sent = [self._grouped(own, groups) for own in self._rows(inputs)[0]]
            x = tf.cast(pair.precode(sent), h.dtype)
            share = no / self.num_users  # the sum has the noise of one receiver
            y = tf.reduce_sum(self.link(x, h[:, :, tf.newaxis], share), 1)
            power = tf.reduce_sum(energy(x), (1, -1))
        received = [
            tf.ensure_shape(self._by_row(tf.cast(own, tf.float32)), [None, one.sizes[1]])[:batch]
            for own, one in zip(pair.decode(y), self.receiver.users, strict=True)
        ]
        power = tf.cast(tf.reshape(tf.reduce_mean(power, -1), [-1]), tf.float32)
        return received, power[:batch]

    def _draw(self, batch: tf.Tensor, no: tf.Tensor) -> ChannelState:
        """Channels [groups, K, ...] of the users."""
        link = self._antennas()
        count, size = self.num_users, link.coherence
        groups = -(-batch // size)
        state = link.draw(groups * count * size, no)
        parts = (tf.reshape(one, [groups, count, *one.shape[1:]]) for one in state)
        return ChannelState(*parts)

    def _rows(self, inputs: Batch) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Latents that each user's link transmits, and latents that should be received."""
        ends: list[list[tf.Tensor]] = [[], []]
        downlink = self.settings.direction == "downlink"
        start = 0
        for user, one in enumerate(self.receiver.users):
            size = one.sizes[1] if downlink else one.sizes[0]
            own = inputs["users"][:, start : start + size]
            start += size
            pair = (inputs["station"], own) if downlink else (own, inputs["station"])
            for rows, latents in zip(ends, pair, strict=True):
                rows.append(self._shifted(latents, user))
        return ends[0], ends[1]

    def _shifted(self, values: tf.Tensor, user: int) -> tf.Tensor:
        """Samples in the order in which ``user`` transmits or receives them."""
        return values if self.settings.direction == "downlink" else tf.roll(values, user, 0)

    def _errors(self, inputs: Batch, training: bool) -> tf.Tensor:
        """Errors of the latents of all users side by side, at an SNR drawn per batch."""
        received, _ = self._exchange(inputs, None, training)
        return tf.concat(received, -1) - tf.concat(self._rows(inputs)[1], -1)

    def measure(self, batch: Batch, snr_db: tf.Tensor | float) -> dict[str, tf.Tensor]:
        """Metrics of each sample, ``[batch]`` and averaged over the users.

        ``accuracy`` of the heads, ``mse`` of the latents over the variance of the receiver's
        test latents, ``logit_mse`` of the logits without their mean over the classes, and transmit
        ``power`` per resource element. ``worst_accuracy`` [batch, K] is the accuracy of each user;
        the least one is reported.
        """
        received, power = self._exchange(batch, snr_db, training=False)
        hits, errors, logit_errors = [], [], []
        for user, (own, wanted) in enumerate(zip(received, self._rows(batch)[1], strict=True)):
            kernel, bias = self._user_heads[user]
            label = self._shifted(batch["label"], user)
            decided = tf.argmax(tf.matmul(own, kernel) + bias, -1, output_type=label.dtype)
            hits.append(tf.cast(tf.equal(decided, label), tf.float32))
            variance = self.receiver.variances[user]
            errors.append(tf.math.divide_no_nan(metrics.mse(wanted, own), variance))
            difference = tf.matmul(own - wanted, kernel)
            logit_errors.append(tf.math.reduce_variance(difference, -1))
        accuracies = tf.stack(hits, -1)
        return {
            "accuracy": tf.reduce_mean(accuracies, -1),
            "worst_accuracy": accuracies,
            "mse": tf.add_n(errors) / len(errors),
            "logit_mse": tf.add_n(logit_errors) / len(errors),
            "power": power,
        }

    def static_metrics(self, data: Iterable[Any]) -> dict[str, float]:
        """Metrics that depend neither on the SNR nor on ``data``.

        ``users``; ``channel_uses`` per latent for all users, including pilots, which every
        transmitter has of its own; ``num_symbols`` and ``compression_factor`` as for one user;
        number of ``pilots``; ``receiver_accuracy``, the mean over the receivers' own latents; and
        the real numbers that users and station exchange: ``exchanged_once``, and
        ``exchanged_uplink`` and ``exchanged_downlink`` for every set of channels.
        """
        link, users = self._antennas(), self.receiver.users
        overhead = link.channel_uses() - link.num_uses
        downlink = self.settings.direction == "downlink"
        aligner: Any = self.aligner
        exchanged = aligner.exchanged(link.num_uses, link.num_rx_ant, link.num_tx_ant)
        num_symbols = link.num_uses * link.num_tx_ant
        return {
            "users": len(users),
            "channel_uses": link.num_uses + overhead * (1 if downlink else len(users)),
            "num_symbols": num_symbols,
            "compression_factor": num_symbols / (users[0].sizes[0] / 2),
            "pilots": users[0].num_pilots,
            "receiver_accuracy": float(np.mean([one.accuracy for one in users])),
            **{f"exchanged_{way}": float(count) for way, count in exchanged.items()},
        }
