# SPDX-License-Identifier: Apache-2.0
"""The closed-form optimum of linear latent-space alignment over MIMO."""

from __future__ import annotations

from typing import Literal

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..estimator import AlignerEstimator
from ..statistics import PilotStatistics
from .channel_modes import ChannelModes, channel_modes, design_noise
from .semantic_modes import Form, SemanticModes, semantic_modes
from .transceiver import LinearTransceiver, padded_weights
from .waterfilling import semantic_waterfilling

Allocation = Literal["joint", "per_element"]


class LinearAligner(AlignerEstimator):
    r"""Optimal linear precoder and decoder between two latent spaces in closed form.

    .. math::

        \min_{\mathbf{F}, \mathbf{G}} \mathbb{E}\left\lVert \mathbf{M}^{1/2}
        \left(\mathbf{y} - \mathbf{G}(\mathbf{H}\mathbf{F}\mathbf{x} + \mathbf{v})\right)
        \right\rVert^2 \quad\text{s.t.}\quad \mathrm{tr}(\mathbf{F}\mathbf{F}^\mathsf{H}) \le P

    With :math:`\mathbf{W} = \mathbf{M}^{1/2}\mathbb{E}[\mathbf{y}\mathbf{x}^\mathsf{H}] =
    \mathbf{U}_w\mathbf{S}\mathbf{V}_w^\mathsf{H}` and :math:`\mathbf{H} = \mathbf{U}\mathbf{\Sigma}
    \mathbf{V}^\mathsf{H}`, the global optimum sends the strongest semantic directions over the
    strongest eigenmodes, :math:`\mathbf{F} = \mathbf{V}\mathbf{\Phi}\mathbf{V}_w^\mathsf{H}`, with
    powers :math:`\phi_i^2` from :func:`~sionna_semcom.alignment.semantic_waterfilling`.
    :math:`\mathbf{G}` is the MMSE receiver. The fit requires one SVD of the semantic
    cross-covariance. Each channel requires one eigendecomposition of its size and two cumulative
    sums. The documentation contains the derivation.

    The channel is block diagonal over :math:`B` resource elements, so that :math:`K` uses of one
    channel, subcarriers and OFDM symbols are covered. In the *widely linear* form, each eigenmode
    carries two independent real features in its real and imaginary part. In the *complex-linear*
    form of the paper, pairs of features are combined to complex numbers.

    If channel estimates have the error variance :math:`\varepsilon`, and a resource element has the
    transmit power :math:`P_b`, the error acts as noise of variance :math:`\varepsilon P_b`. The
    design for the noise power :math:`N_0 + \varepsilon P_b` minimizes the objective averaged over
    the errors. For several elements, :math:`P_b` and the powers are computed alternately.

    Source: Pandolfo et al., "Latent Space Alignment for AI-Native MIMO Semantic Communications",
    2025, problem (6). The closed form, the widely linear form, the metric and the robust design are
    additions. H has size N_R x N_T here, not N_T x N_R as in the text, and means are removed at
    both ends.

    Parameters
    ----------
    form : "widely_linear" (default) | "complex_linear"
        Linearity of the precoder
    metric : `None` (identity) | [m, m], `float`
        Metric :math:`\mathbf{M}` of the error at the receiver, such as :func:`head_metric`
    ridge : "gcv" (default) | `float`
        Regularization of the transmitter's covariance; see :func:`semantic_modes`
    allocation : "joint" (default) | "per_element"
        Whether power and semantic directions are allocated jointly over all resource elements with
        an average power of one, or each element has a power of one and the same number of
        directions
    turns : `int`
        Iterations of the robust design for several resource elements

    Attributes
    ----------
    modes_ : `SemanticModes`
        Semantic modes of the two latent spaces
    """

    def __init__(
        self,
        form: Form = "widely_linear",
        metric: ArrayLike | None = None,
        ridge: float | Literal["gcv"] = "gcv",
        allocation: Allocation = "joint",
        turns: int = 8,
    ) -> None:
        self.form: Form = form
        self.metric = metric
        self.ridge: float | Literal["gcv"] = ridge
        self.allocation: Allocation = allocation
        self.turns = turns

    def fit_statistics(
        self, statistics: PilotStatistics, held_out: ArrayLike | None = None
    ) -> LinearAligner:
        """Fit to the moments of pilots, see `AlignerEstimator.fit_statistics`."""
        if self.form not in ("widely_linear", "complex_linear"):
            raise ValueError(
                f"`form` must be 'widely_linear' or 'complex_linear'. Received: {self.form!r}"
            )
        if self.allocation not in ("joint", "per_element"):
            raise ValueError(
                f"`allocation` must be 'joint' or 'per_element'. Received: {self.allocation!r}"
            )
        self.modes_: SemanticModes = semantic_modes(statistics, self.form, self.metric, self.ridge)
        if held_out is not None:
            self.modes_ = self.modes_.scaled_to(held_out)
        return self

    def design(
        self,
        h: tf.Tensor,
        no: tf.Tensor | float,
        error_variance: tf.Tensor | float = 0.0,
        noise_covariance: tf.Tensor | None = None,
    ) -> LinearTransceiver:
        """Design for channels ``h``.

        Input
        -----
        h : [..., B, N_R, N_T], `tf.complex`
            Channels or, with ``error_variance``, their conditional means
        no : [] or [...], `tf.float`
            Noise power per receive antenna
        error_variance : [] or [..., B], `tf.float`
            Variance of the errors of the coefficients of ``h``
        noise_covariance : `None` | [..., N_R, N_R], `tf.complex`
            Covariance of colored noise, in units of ``no``

        Raises
        ------
        ValueError
            If ``h`` is not complex with rank 3 or more, or if channel errors are combined with
            colored noise
        """
        check_is_fitted(self)
        h = tf.convert_to_tensor(h)
        if (h.shape.rank or 0) < 3 or not h.dtype.is_complex:
            raise ValueError(
                "`h` must be complex of shape [..., num_elements, num_rx_ant, num_tx_ant]. "
                f"Received: shape={h.shape}, dtype={h.dtype.name}"
            )
        whitener = None
        known = tf.get_static_value(error_variance)  # `None` if unknown in a graph
        robust = known is None or bool(np.any(np.asarray(known) > 0))
        if noise_covariance is not None:
            if robust:
                raise ValueError(
                    "A robust design in colored noise is not supported: give `error_variance` or "
                    "`noise_covariance`. Received: both"
                )
            factor = tf.linalg.cholesky(tf.cast(noise_covariance, h.dtype))
            identity = tf.eye(h.shape[-2], batch_shape=tf.shape(factor)[:-2], dtype=h.dtype)
            whitener = tf.linalg.triangular_solve(factor, identity)[..., tf.newaxis, :, :]
            h = tf.matmul(whitener, h)
        rdtype = h.dtype.real_dtype
        no = design_noise(no, h)[..., tf.newaxis]
        modes = channel_modes(h)
        error = tf.cast(error_variance, rdtype) + tf.zeros_like(modes.gains[..., 0])
        first = self._share_out(modes, no + error, whitener)
        if self.allocation == "per_element" or modes.gains.shape[-2] == 1:
            return first
        best = pair = first.in_noise(no, error)
        for _ in range(self.turns if robust else 0):
            pair = self._share_out(modes, pair.noise, whitener).in_noise(no, error)
            best = best.or_better(pair)
        return best

    def _share_out(
        self, modes: ChannelModes, noise: tf.Tensor, whitener: tf.Tensor | None
    ) -> LinearTransceiver:
        """Optimum for resource elements with individual noise powers [..., B].

        A cell is a set of modes with a common power budget: all modes, or the modes of an element.
        """
        fold = 1 if self.modes_.is_complex else 2  # coefficients per complex mode
        num_elements, num_modes = modes.gains.shape[-2:]
        num_cells = 1 if self.allocation == "joint" else num_elements
        size = num_elements * num_modes // num_cells
        gains = modes.gains / noise[..., tf.newaxis]
        shape = tf.shape(gains)
        cells = tf.reshape(gains, tf.concat([shape[:-2], [num_cells, size]], 0))
        order = tf.argsort(cells, direction="DESCENDING", stable=True)
        rank = tf.argsort(order)
        weights = self._weights(num_cells, size, fold, gains.dtype)
        strongest = tf.gather(cells, order, axis=-1, batch_dims=cells.shape.rank - 1)
        powers = semantic_waterfilling(
            tf.reshape(weights, [num_cells, size * fold]),
            fold * tf.repeat(strongest, fold, -1),
            tf.fill(tf.shape(cells)[:-1], tf.cast(num_elements // num_cells, gains.dtype)),
        )
        powers = tf.reshape(powers, tf.concat([tf.shape(cells), [fold]], 0))
        powers = tf.gather(powers, rank, axis=-2, batch_dims=rank.shape.rank - 1)
        place = rank * num_cells + tf.range(num_cells)[:, tf.newaxis]
        return LinearTransceiver(
            self.modes_,
            modes,
            whitener,
            tf.ensure_shape(tf.reshape(place, shape), gains.shape),
            tf.ensure_shape(
                tf.reshape(powers, tf.concat([shape, [fold]], 0)), [*gains.shape, fold]
            ),
            noise,
        )

    def _weights(self, num_cells: int, size: int, fold: int, dtype: tf.DType) -> tf.Tensor:
        """Semantic singular values [num_cells, size, fold], assigned to the cells in turn."""
        weights = padded_weights(self.modes_, num_cells * size * fold)
        return tf.constant(weights.reshape(size, num_cells, fold).transpose(1, 0, 2), dtype)
