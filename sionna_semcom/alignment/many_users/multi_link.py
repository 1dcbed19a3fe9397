# SPDX-License-Identifier: Apache-2.0
"""Baseline: a link of its own for each user, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import tensorflow as tf
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..linear.closed_form import LinearAligner
from ..linear.semantic_modes import Form
from ..linear.transceiver import LinearTransceiver
from .base import ManyUserAligner
from .pilots import latents_of_users
from .problem import channels_of_users

Direction = Literal["downlink", "uplink"]


class MultiLinkAligner(ManyUserAligner["MultiLinkTransceiver"]):
    r"""Precoder and decoder for each user alone, orthogonal in time.

    Of :math:`B` resource elements, user :math:`k` of :math:`K` has the elements
    :math:`k, k + K, \dots` with all of the power. Its precoder and decoder are the optimum of
    :class:`~sionna_semcom.alignment.LinearAligner` for these elements.

    Parameters
    ----------
    direction : "downlink" (default) | "uplink"
        Whether users have latent spaces of their own at the receivers or at the transmitters
    form : "widely_linear" (default) | "complex_linear"
        Linearity of the precoders
    ridge : "gcv" (default) | `float`
        See :class:`~sionna_semcom.alignment.LinearAligner`

    Attributes
    ----------
    links_ : `list` of `LinearAligner`
        Aligner of each user
    """

    def __init__(
        self,
        direction: Direction = "downlink",
        form: Form = "widely_linear",
        ridge: float | Literal["gcv"] = "gcv",
    ) -> None:
        self.direction: Direction = direction
        self.form: Form = form
        self.ridge: float | Literal["gcv"] = ridge

    def fit(
        self,
        tx: Any,
        rx: Any,
        held_out: Any = None,
        metrics: Sequence[ArrayLike] | None = None,
    ) -> MultiLinkAligner:
        """Learn from latents of the same inputs in all spaces.

        Parameters
        ----------
        tx : [n, d], `float`, or in the uplink a sequence of these
            Latents of the transmitter, or of each user
        rx : sequence of [n, m_k], `float`, or in the uplink [n, m]
            Latents of each user, or of the receiver
        held_out : `None` | as ``tx``
            Latents that are no pilots, on which the power limit is to hold
        metrics : `None` (identities) | sequence of [m_k, m_k], `float`
            Metric of the error of each user's latents

        Raises
        ------
        ValueError
            If pilots do not belong together, or a parameter is out of range
        """
        if self.direction not in ("downlink", "uplink"):
            raise ValueError(
                f"`direction` must be 'downlink' or 'uplink'. Received: {self.direction!r}"
            )
        if self.direction == "downlink":
            many = latents_of_users(list(rx), "rx")
            pairs: list[tuple[Any, Any, Any]] = [(tx, own, held_out) for own in many]
        else:
            many = latents_of_users(list(tx), "tx")
            limits = [None] * len(many) if held_out is None else list(held_out)
            pairs = [(own, rx, limit) for own, limit in zip(many, limits, strict=True)]
        given = [None] * len(many) if metrics is None else list(metrics)
        self.links_ = [
            LinearAligner(self.form, metric, self.ridge).fit(own_tx, own_rx, limit)
            for (own_tx, own_rx, limit), metric in zip(pairs, given, strict=True)
        ]
        return self

    def _design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float
    ) -> MultiLinkTransceiver:
        """Design a precoder and a decoder for each user."""
        count = len(self.links_)
        h = channels_of_users(h, count)
        if h.shape[-3] % count:
            raise ValueError(
                f"`h` must have a multiple of {count} resource elements, an equal share for each "
                f"user. Received: {h.shape[-3]}"
            )
        links = []
        for user, aligner in enumerate(self.links_):
            error: Any = error_variance
            if tf.convert_to_tensor(error).shape.rank:
                error = error[..., user, user::count]
            links.append(aligner.design(h[..., user, user::count, :, :], no, error))
        return MultiLinkTransceiver(links, self.direction == "uplink")

    def exchanged(self, num_elements: int, num_rx_ant: int, num_tx_ant: int) -> dict[str, int]:
        """Real numbers that cross between users and station: once, and for every set of channels.

        A user tells the station the coefficients that it wants to know, once, and its channels. In
        the downlink the station sends precoded pilots, see
        :meth:`~sionna_semcom.alignment.BroadcastAligner.exchanged`. In the uplink, the station
        tells the users their channels.
        """
        check_is_fitted(self)
        count, own = len(self.links_), num_elements // len(self.links_)
        is_complex = self.links_[0].modes_.is_complex
        modes = (1 if is_complex else 2) * own * min(num_rx_ant, num_tx_ant)
        sizes = [min(modes, len(link.modes_.weights)) for link in self.links_]
        reals = 2 if is_complex else 1  # of a coefficient
        lengths = [len(link.modes_.encoder) for link in self.links_]
        wanted = reals * sum(d * n for d, n in zip(lengths, sizes, strict=True))
        channels = 2 * count * own * num_rx_ant * num_tx_ant
        precoders = 2 * own * num_tx_ant * sum(sizes)
        if self.direction == "downlink":
            return {"once": wanted, "uplink": channels, "downlink": precoders}
        return {"once": wanted, "uplink": precoders, "downlink": channels}


class MultiLinkTransceiver(NamedTuple):
    """Precoders and decoders of all users, each on its own resource elements."""

    links: list[LinearTransceiver]
    is_uplink: bool

    @property
    def objective(self) -> tf.Tensor:
        """Sum of the users' expected squared errors in their metrics, [...]."""
        return tf.add_n([link.objective for link in self.links])

    def precode(self, latents: tf.Tensor | Sequence[tf.Tensor]) -> tf.Tensor:
        """From latents to antenna symbols on all resource elements.

        In the downlink, from [..., L, d] to [..., L, B, N_T]. In the uplink, from latents
        [..., L, d_k] of each user to [..., K, L, B, N_T].
        """
        given = latents if self.is_uplink else [latents] * len(self.links)
        parts = [link.precode(own) for link, own in zip(self.links, given, strict=True)]
        if not self.is_uplink:
            return _in_turn(parts)
        silent = [tf.zeros_like(part) for part in parts]
        rows = [
            _in_turn([*silent[:user], part, *silent[user + 1 :]]) for user, part in enumerate(parts)
        ]
        return tf.stack(rows, -4)

    def decode(self, y: tf.Tensor) -> list[tf.Tensor]:
        """From received symbols to latents [..., L, m_k] of each user.

        Symbols are [..., K, L, B, N_R] in the downlink and [..., L, B, N_R] in the uplink.
        """
        count = len(self.links)
        rows = [y] * count if self.is_uplink else tf.unstack(y, axis=-4)
        return [
            link.decode(own[..., user::count, :])
            for user, (link, own) in enumerate(zip(self.links, rows, strict=True))
        ]


def _in_turn(parts: Sequence[tf.Tensor]) -> tf.Tensor:
    """Symbols [..., B / K, N] of K users on B resource elements in turn, [..., B, N]."""
    stacked = tf.stack(parts, -2)
    shape = tf.concat([tf.shape(stacked)[:-3], [-1, stacked.shape[-1]]], 0)
    symbols = tf.reshape(stacked, shape)
    return tf.ensure_shape(symbols, [*parts[0].shape[:-2], None, parts[0].shape[-1]])
