# SPDX-License-Identifier: Apache-2.0
"""One precoder for users with different networks and channels, and a decoder for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import block_diag
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..aligner import by_row
from ..linear.semantic_modes import SemanticModes, metric_root, semantic_modes
from ..statistics import PilotStatistics
from .descent import shared_precoder
from .federated import federated_admm
from .problem import broadcast

Method = Literal["descent", "federated_admm"]


class BroadcastAligner(BaseEstimator):
    r"""Linear precoder and decoders from one latent space to those of several users at once.

    .. math::

        \min_{\mathbf{F}, \mathbf{G}_1, \dots, \mathbf{G}_K} \sum_k
        \mathbb{E}\left\lVert \mathbf{M}_k^{1/2}\left(\mathbf{y}_k - \mathbf{G}_k(\mathbf{H}_k
        \mathbf{F}\mathbf{x} + \mathbf{v}_k)\right)\right\rVert^2
        \quad\text{s.t.}\quad \mathrm{tr}(\mathbf{F}\mathbf{F}^\mathsf{T}) \le P

    in the widely linear form, in which features are separate real numbers. A user reports
    :math:`\mathbf{W}_k^\mathsf{T}\mathbf{W}_k` to the station once, which does not reveal its
    network, and each of its channels. Decoders are computed by the users (:meth:`exchanged`).

    Parameters
    ----------
    method : "descent" (default) | "federated_admm"
        :func:`~sionna_semcom.alignment.shared_precoder`, or the baseline
        :func:`~sionna_semcom.alignment.federated_admm`
    ridge : "gcv" (default) | `float`
        Regularization of the transmitter's covariance; see
        :func:`~sionna_semcom.alignment.semantic_modes`
    iterations : `int`
        Turns, or iterations, for a channel

    Attributes
    ----------
    modes_ : `SemanticModes`
        The transmitter's latents in the basis of the components that are relevant to all users
    widths_ : `list` of `int`
        Sizes of the users' latents
    """

    def __init__(
        self,
        method: Method = "descent",
        ridge: float | Literal["gcv"] = "gcv",
        iterations: int = 40,
    ) -> None:
        self.method: Method = method
        self.ridge: float | Literal["gcv"] = ridge
        self.iterations = iterations

    def fit(
        self,
        tx: ArrayLike,
        rx: Sequence[ArrayLike],
        held_out: ArrayLike | None = None,
        metrics: Sequence[ArrayLike] | None = None,
    ) -> BroadcastAligner:
        """Learn from latents of the same inputs in all spaces.

        Parameters
        ----------
        tx : [n, d], `float`
            Latents of the transmitter
        rx : sequence of [n, m_k], `float`
            Latents of each user
        held_out : `None` | [k, d], `float`
            Latents of the transmitter that are no pilots, on which the power limit is to hold
        metrics : `None` (identities) | sequence of [m_k, m_k], `float`
            Metric of each user's error

        Raises
        ------
        ValueError
            If there is no user, pilots do not belong together or are not finite, or ``method`` is
            unknown
        """
        if self.method not in ("descent", "federated_admm"):
            raise ValueError(
                f"`method` must be 'descent' or 'federated_admm'. Received: {self.method!r}"
            )
        if not len(rx):
            raise ValueError("`rx` must hold the latents of at least one user. Received: none")
        users = [np.asarray(each, np.float64) for each in rx]
        sizes = {each.shape[0] if each.ndim == 2 else None for each in users}
        if len(sizes) > 1 or None in sizes:
            raise ValueError(
                "`rx` must be latents [n, m] of the same n inputs for every user. "
                f"Received: shapes {[each.shape for each in users]}"
            )
        self.widths_ = [each.shape[1] for each in users]
        statistics = PilotStatistics.of(tx, np.concatenate(users, 1))
        given = [None] * len(users) if metrics is None else list(metrics)
        roots = [metric_root(one, size) for one, size in zip(given, self.widths_, strict=True)]
        metric = block_diag(*(root @ root for root in roots))
        self.modes_: SemanticModes = semantic_modes(statistics, metric=metric, ridge=self.ridge)
        if held_out is not None:
            self.modes_ = self.modes_.scaled_to(held_out)
        weighted = [root @ own for root, own in zip(roots, self._decoders(), strict=True)]
        self.gram_: NDArray[np.float64] = np.stack([one.T @ one for one in weighted])
        return self

    def design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float = 0.0
    ) -> BroadcastTransceiver:
        """Design for channels.

        Input
        -----
        h : [..., K, B, N_R, N_T], `tf.complex`
            Channels of the users, or with ``error_variance`` their conditional means
        no : [] or [..., K], `tf.float`
            Noise power per receive antenna
        error_variance : [] or [..., K, B], `tf.float`
            Variance of the errors on the coefficients of ``h``

        Raises
        ------
        ValueError
            If ``h`` does not have that shape or is not finite
        """
        check_is_fitted(self)
        problem = broadcast(self.gram_, h, no, error_variance)
        solve = shared_precoder if self.method == "descent" else federated_admm
        precoder = solve(problem, self.iterations)
        receivers = problem.receivers(precoder)
        decoders = [tf.constant(one, precoder.dtype) for one in self._decoders()]
        means = np.split(self.modes_.mean_rx, np.cumsum(self.widths_)[:-1])
        objective = problem.objective(precoder, receivers) + self._unexplained
        return BroadcastTransceiver(
            self.modes_, precoder, receivers, decoders, means, h.shape[-3], objective
        )

    def exchanged(self, num_elements: int, num_rx_ant: int, num_tx_ant: int) -> dict[str, int]:
        """Real numbers that cross between users and station: once, and for every set of channels.

        The station sends precoded pilots, from which every user learns its effective channel: they
        are counted with the downlink. ADMM exchanges precoders in each iteration.
        """
        check_is_fitted(self)
        num_users, size = self.gram_.shape[:2]
        precoder = 2 * num_elements * num_tx_ant * size
        channels = 2 * num_users * num_elements * num_rx_ant * num_tx_ant
        if self.method == "descent":
            grams = num_users * size * (size + 1) // 2
            return {"once": grams, "uplink": channels, "downlink": precoder}
        return {
            "once": 0,
            "uplink": self.iterations * num_users * precoder,
            "downlink": (self.iterations + 1) * precoder,
        }

    @property
    def _unexplained(self) -> float:
        """Error that is left even if all coefficients arrive."""
        return self.modes_.target_power - float(np.trace(self.gram_, axis1=1, axis2=2).sum())

    def _decoders(self) -> list[NDArray[np.float64]]:
        """Contribution of the coefficients to each user's latent, [m_k, n]."""
        return np.split(self.modes_.decoder.T, np.cumsum(self.widths_)[:-1])


class BroadcastTransceiver(NamedTuple):
    """A shared precoder [..., T, n] and receivers [..., K, R, n] for given channels.

    ``objective`` [...] is the sum of the users' expected squared errors in their metrics.
    """

    semantic: SemanticModes
    precoder: tf.Tensor
    receivers: tf.Tensor
    decoders: list[tf.Tensor]
    means: list[NDArray[np.float64]]
    num_elements: int
    objective: tf.Tensor

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        dtype = self.precoder.dtype
        centered = tf.cast(latents, dtype) - tf.constant(self.semantic.mean_tx, dtype)
        z = by_row(centered, tf.constant(self.semantic.encoder, dtype))
        x = tf.complex(*tf.split(tf.matmul(z, self.precoder, transpose_b=True), 2, -1))
        return tf.reshape(x, tf.concat([tf.shape(x)[:-1], [self.num_elements, -1]], 0))

    def decode(self, y: tf.Tensor) -> list[tf.Tensor]:
        """From received symbols [..., K, L, B, N_R] to the users' latents [..., L, m_k]."""
        flat = tf.reshape(y, tf.concat([tf.shape(y)[:-2], [-1]], 0))
        rows = tf.concat([tf.math.real(flat), tf.math.imag(flat)], -1)
        z = tf.unstack(tf.matmul(rows, self.receivers), axis=-3)
        return [
            by_row(own, tf.transpose(decoder)) + tf.constant(mean, own.dtype)
            for own, decoder, mean in zip(z, self.decoders, self.means, strict=True)
        ]
