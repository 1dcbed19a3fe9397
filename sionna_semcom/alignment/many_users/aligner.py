# SPDX-License-Identifier: Apache-2.0
"""One precoder for users with different networks and channels, and a decoder for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import block_diag
from sklearn.utils.validation import check_is_fitted

from ..aligner import by_row, to_complex, to_real
from ..linear.semantic_modes import Form, SemanticModes, metric_root, semantic_modes
from ..statistics import PilotStatistics
from .base import ManyUserAligner
from .descent import shared_precoder
from .federated import federated_admm
from .pilots import halves_together, latents_of_users
from .problem import broadcast, dtype_of_designs, in_double
from .symbols import from_dimensions, to_dimensions

Method = Literal["descent", "federated_admm"]


class BroadcastAligner(ManyUserAligner["BroadcastTransceiver"]):
    r"""Linear precoder and decoders from one latent space to those of several users at once.

    .. math::

        \min_{\mathbf{F}, \mathbf{G}_1, \dots, \mathbf{G}_K} \sum_k
        \mathbb{E}\left\lVert \mathbf{M}_k^{1/2}\left(\mathbf{y}_k - \mathbf{G}_k(\mathbf{H}_k
        \mathbf{F}\mathbf{x} + \mathbf{v}_k)\right)\right\rVert^2
        \quad\text{s.t.}\quad \mathrm{tr}(\mathbf{F}\mathbf{F}^\mathsf{H}) \le P

    In the widely linear form, features are separate real numbers. In the complex-linear form, the
    first half of the features are real parts, and the second half imaginary parts. A user reports
    :math:`\mathbf{W}_k^\mathsf{H}\mathbf{W}_k` to the station once, which does not reveal its
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
    form : "widely_linear" (default) | "complex_linear"
        Linearity of the precoder
    num_coefficients : `None` (all) | `int`
        Number of the transmitter's coefficients that are considered. They explain most of the
        latents of all users. This limits the cost of a design
    rho : `float`
        Penalty of ADMM
    trial : `None` (all) | `int`
        Turns after which the best descent continues alone

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
        form: Form = "widely_linear",
        num_coefficients: int | None = None,
        rho: float = 1.0,
        trial: int | None = None,
    ) -> None:
        self.method: Method = method
        self.ridge: float | Literal["gcv"] = ridge
        self.iterations = iterations
        self.form: Form = form
        self.num_coefficients = num_coefficients
        self.rho = rho
        self.trial = trial

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
            Metric of each user's error. The complex-linear form needs multiples of the identity

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
        users = latents_of_users(rx, "rx")
        self.widths_ = [each.shape[1] for each in users]
        self.means_ = [each.mean(0) for each in users]
        given = [None] * len(users) if metrics is None else list(metrics)
        roots = [metric_root(one, size) for one, size in zip(given, self.widths_, strict=True)]
        metric: ArrayLike | None = None
        if self.form == "complex_linear":
            roots = [_multiple_of_identity(root) for root in roots]
            self.scales_ = [float(root[0, 0]) for root in roots]
            joint = halves_together(
                [scale * own for scale, own in zip(self.scales_, users, strict=True)]
            )
            roots = [np.eye(-(-size // 2)) for size in self.widths_]
        else:
            self.scales_ = [1.0] * len(users)
            joint, metric = np.concatenate(users, 1), block_diag(*(one @ one for one in roots))
        self.modes_: SemanticModes = semantic_modes(
            PilotStatistics.of(tx, joint), self.form, metric, self.ridge
        )
        if held_out is not None:
            self.modes_ = self.modes_.scaled_to(held_out)
        self._keep(self.num_coefficients)
        weighted = [root @ own for root, own in zip(roots, self._decoders(), strict=True)]
        self.gram_: NDArray[Any] = np.stack([one.conj().T @ one for one in weighted])
        return self

    def _keep(self, count: int | None) -> None:
        """Keep the first ``count`` coefficients."""
        modes = self.modes_
        self.modes_ = replace(
            modes,
            encoder=modes.encoder[:, :count],
            weights=modes.weights[:count],
            decoder=modes.decoder[:count],
        )

    def _design(
        self, h: tf.Tensor, no: tf.Tensor | float, error_variance: tf.Tensor | float
    ) -> BroadcastTransceiver:
        """Design the shared precoder and the decoders."""
        problem = broadcast(self.gram_, in_double(h), no, error_variance)
        if self.method == "descent":
            precoder = shared_precoder(problem, self.iterations, trial=self.trial)
        else:
            precoder = federated_admm(problem, self.iterations, self.rho)
        receivers = problem.receivers(precoder)
        dtype = dtype_of_designs(h, precoder.dtype.is_complex)
        decoders = [
            tf.constant(one / scale, dtype)
            for one, scale in zip(self._decoders(), self.scales_, strict=True)
        ]
        return BroadcastTransceiver(
            self.modes_,
            tf.cast(precoder, dtype),
            tf.cast(receivers, dtype),
            decoders,
            self.means_,
            h.shape[-3],
            tf.cast(problem.objective(precoder, receivers) + self._unexplained, dtype.real_dtype),
            tf.cast(problem.explained(precoder, receivers), dtype.real_dtype),
        )

    def exchanged(self, num_elements: int, num_rx_ant: int, num_tx_ant: int) -> dict[str, int]:
        """Real numbers that cross between users and station: once, and for every set of channels.

        The station sends precoded pilots, from which every user learns its effective channel: they
        are counted with the downlink. ADMM exchanges precoders in each iteration.
        """
        check_is_fitted(self)
        num_users, size = self.gram_.shape[:2]
        fold = 2 if self.modes_.is_complex else 1  # real numbers of a coefficient
        precoder = 2 * num_elements * num_tx_ant * size
        channels = 2 * num_users * num_elements * num_rx_ant * num_tx_ant
        if self.method == "descent":
            grams = num_users * (size + fold * size * (size - 1) // 2)
            return {"once": grams, "uplink": channels, "downlink": precoder}
        return {
            "once": 0,
            "uplink": self.iterations * num_users * precoder,
            "downlink": (self.iterations + 1) * precoder,
        }

    @property
    def _unexplained(self) -> float:
        """Error that is left even if all coefficients arrive."""
        explained = np.trace(self.gram_, axis1=1, axis2=2).real.sum()
        return self.modes_.target_power - float(explained)

    def _decoders(self) -> list[NDArray[Any]]:
        """Contribution of the coefficients to each user's latent, [m_k, n]."""
        widths = self.widths_
        if self.modes_.is_complex:
            widths = [-(-width // 2) for width in widths]
        return np.split(self.modes_.decoder.T, np.cumsum(widths)[:-1])


class BroadcastTransceiver(NamedTuple):
    """A shared precoder [..., T, n] and receivers [..., K, R, n] for given channels.

    ``objective`` [...] is the sum of the users' expected squared errors in their metrics.
    ``explained`` [..., K, n] is the share of the variance of each coefficient that MMSE estimates
    explain.
    """

    semantic: SemanticModes
    precoder: tf.Tensor
    receivers: tf.Tensor
    decoders: list[tf.Tensor]
    means: list[NDArray[np.float64]]
    num_elements: int
    objective: tf.Tensor
    explained: tf.Tensor

    def precode(self, latents: tf.Tensor) -> tf.Tensor:
        """From latents [..., L, d] to antenna symbols [..., L, B, N_T]."""
        z = coefficients(self.semantic, latents, self.precoder.dtype)
        return from_dimensions(tf.matmul(z, self.precoder, transpose_b=True), self.num_elements)

    def coefficients(self, y: tf.Tensor) -> tf.Tensor:
        """MMSE estimates [..., K, L, n] from received symbols [..., K, L, B, N_R]."""
        rows = to_dimensions(y, self.semantic.is_complex)
        return tf.matmul(rows, tf.math.conj(self.receivers))

    def decode(self, y: tf.Tensor) -> list[tf.Tensor]:
        """From received symbols [..., K, L, B, N_R] to the users' latents [..., L, m_k]."""
        return self.latents(self.coefficients(y))

    def latents(self, coefficients: tf.Tensor) -> list[tf.Tensor]:
        """Users' latents [..., L, m_k] for estimates [..., K, L, n] of the coefficients."""
        z = tf.unstack(coefficients, axis=-3)
        found = []
        for own, decoder, mean in zip(z, self.decoders, self.means, strict=True):
            latents = by_row(own, tf.transpose(decoder))
            if latents.dtype.is_complex:
                latents = to_real(latents, len(mean))
            found.append(latents + tf.constant(mean, latents.dtype))
        return found


def _multiple_of_identity(root: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.allclose(root, root[0, 0] * np.eye(len(root))):
        raise ValueError("`form`='complex_linear' needs multiples of the identity as `metrics`")
    return root


def coefficients(semantic: SemanticModes, latents: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """The transmitter's coefficients [..., n], in ``dtype``, of its latents [..., d]."""
    rdtype = dtype.real_dtype
    centered = tf.cast(latents, rdtype) - tf.constant(semantic.mean_tx, rdtype)
    if semantic.is_complex:
        centered = to_complex(centered)
    return by_row(centered, tf.constant(semantic.encoder.conj(), dtype))
