# SPDX-License-Identifier: Apache-2.0
"""Precoders of users with different networks, and decoders to the latent space of one receiver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..aligner import by_row, to_real
from ..linear.semantic_modes import Form, SemanticModes, semantic_modes
from ..statistics import PilotStatistics
from .aligner import coefficients
from .base import ManyUserAligner
from .multiple_access import multiple_access, uplink_precoders
from .pilots import latents_of_users
from .problem import dtype_of_designs, in_double
from .symbols import from_dimensions, to_dimensions


class UplinkAligner(ManyUserAligner["UplinkTransceiver"]):
    r"""Linear precoders of several users and decoders to the latent space of one receiver.

    .. math::

        \min_{\mathbf{F}_k, \mathbf{G}_k} \sum_k \mathbb{E}\left\lVert \mathbf{M}^{1/2}\left(
        \mathbf{y}_k - \mathbf{G}_k\Big(\sum_j\mathbf{H}_j\mathbf{F}_j\mathbf{x}_j + \mathbf{v}
        \Big)\right)\right\rVert^2
        \quad\text{s.t.}\quad \mathrm{tr}(\mathbf{F}_k\mathbf{F}_k^\mathsf{H}) \le \frac{P}{K}

    Users have different inputs and send on the same resource elements at the same time. The
    receiver wants the latent that its own network would have for each input. The receiver knows all
    channels and computes the precoders (:func:`~sionna_semcom.alignment.uplink_precoders`).

    Parameters
    ----------
    ridge : "gcv" (default) | `float`
        Regularization of the covariances of users' latents; see
        :func:`~sionna_semcom.alignment.semantic_modes`
    iterations : `int`
        Turns for a channel; without any, users ignore each other and the receiver does not
    form : "widely_linear" (default) | "complex_linear"
        Linearity of the precoders
    metric : `None` (identity) | [m, m], `float`
        Metric :math:`\mathbf{M}` of the error at the receiver

    Attributes
    ----------
    modes_ : `list` of `SemanticModes`
        Semantic modes of each user's latent space with that of the receiver
    """

    def __init__(
        self,
        ridge: float | Literal["gcv"] = "gcv",
        iterations: int = 40,
        form: Form = "widely_linear",
        metric: ArrayLike | None = None,
    ) -> None:
        self.ridge: float | Literal["gcv"] = ridge
        self.iterations = iterations
        self.form: Form = form
        self.metric = metric

    def fit(
        self,
        tx: Sequence[ArrayLike],
        rx: ArrayLike,
        held_out: Sequence[ArrayLike] | None = None,
    ) -> UplinkAligner:
        """Learn from latents of the same inputs in all spaces.

        Parameters
        ----------
        tx : sequence of [n, d_k], `float`
            Latents of each user
        rx : [n, m], `float`
            Latents of the receiver
        held_out : `None` | sequence of [k, d_k], `float`
            Latents of the users that are no pilots, on which the power limits are to hold

        Raises
        ------
        ValueError
            If there is no user, or pilots do not belong together or are not finite
        """
        users = latents_of_users(tx, "tx")
        limits = [None] * len(users) if held_out is None else list(held_out)
        self.modes_: list[SemanticModes] = []
        for own, limit in zip(users, limits, strict=True):
            statistics = PilotStatistics.of(own, rx)
            modes = semantic_modes(statistics, self.form, self.metric, self.ridge)
            self.modes_.append(modes if limit is None else modes.scaled_to(limit))
        return self

    def _design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float
    ) -> UplinkTransceiver:
        """Design the precoders of all users and the decoders."""
        size = max(len(modes.weights) for modes in self.modes_)
        weights = np.stack([np.pad(m.weights, [0, size - len(m.weights)]) for m in self.modes_])
        is_complex = self.modes_[0].is_complex
        problem = multiple_access(weights, in_double(h), no, error_variance, is_complex)
        precoders = uplink_precoders(problem, self.iterations)
        receivers = problem.receivers(precoders)
        unexplained = self._unexplained(int(problem.weights.shape[-1]))
        objective = problem.objective(precoders, receivers) + unexplained
        dtype = dtype_of_designs(h, is_complex)
        return UplinkTransceiver(
            self.modes_,
            tf.cast(precoders, dtype),
            tf.cast(receivers, dtype),
            h.shape[-3],
            tf.cast(objective, dtype.real_dtype),
        )

    def exchanged(self, num_elements: int, num_rx_ant: int, num_tx_ant: int) -> dict[str, int]:
        """Real numbers that cross between users and station: once, and for every set of channels.

        Users tell the station their semantic singular values once. The station knows the channels
        from pilots of all transmit antennas, which are counted as uplink, and sends each user its
        precoder in the basis of its modes.
        """
        check_is_fitted(self)
        count, sizes = len(self.modes_), [len(modes.weights) for modes in self.modes_]
        places = (1 if self.modes_[0].is_complex else 2) * num_elements * num_tx_ant
        once = sum(min(places, size) for size in sizes)
        channels = 2 * count * num_elements * num_rx_ant * num_tx_ant
        return {"once": once, "uplink": channels, "downlink": 2 * num_elements * num_tx_ant * once}

    def _unexplained(self, size: int) -> float:
        """Error that is left even if the first ``size`` coefficients of all users arrive."""
        return sum(m.target_power - float(np.sum(m.weights[:size] ** 2)) for m in self.modes_)


class UplinkTransceiver(NamedTuple):
    """Precoders [..., K, T, n] and receivers [..., K, R, n] for given channels.

    ``objective`` [...] is the sum over the users of the expected squared errors in the metric.
    """

    modes: Sequence[SemanticModes]
    precoders: tf.Tensor
    receivers: tf.Tensor
    num_elements: int
    objective: tf.Tensor

    def precode(self, latents: Sequence[tf.Tensor]) -> tf.Tensor:
        """From latents [..., L, d_k] of each user to antenna symbols [..., K, L, B, N_T]."""
        dtype, size = self.precoders.dtype, self.precoders.shape[-1]
        rows = []
        for modes, own in zip(self.modes, latents, strict=True):
            z = coefficients(modes, own, dtype)[..., :size]
            missing = size - z.shape[-1]
            rows.append(tf.pad(z, [[0, 0]] * (z.shape.rank - 1) + [[0, missing]]))
        x = tf.matmul(tf.stack(rows, -3), self.precoders, transpose_b=True)
        return from_dimensions(x, self.num_elements)

    def decode(self, y: tf.Tensor) -> list[tf.Tensor]:
        """From received symbols [..., L, B, N_R] to latents [..., L, m] of each user's input."""
        rows = to_dimensions(y, self.modes[0].is_complex)[..., tf.newaxis, :, :]
        z = tf.unstack(tf.matmul(rows, tf.math.conj(self.receivers)), axis=-3)
        found = []
        for modes, own in zip(self.modes, z, strict=True):
            decoder = tf.constant(modes.decoder[: own.shape[-1]], own.dtype)
            latents = by_row(own[..., : decoder.shape[0]], decoder)
            if modes.is_complex:
                latents = to_real(latents, len(modes.mean_rx))
            found.append(latents + tf.constant(modes.mean_rx, latents.dtype))
        return found
