# SPDX-License-Identifier: Apache-2.0
"""What an error at the receiver costs its task."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def head_metric(
    kernel: ArrayLike, covariance: ArrayLike, share: float = 0.5
) -> NDArray[np.float64]:
    r"""Metric that mixes the error of the latent with that of the logits.

    .. math::

        \mathbf{M} = (1-a)\frac{\mathbf{I}}{\mathrm{tr}\,\mathbf{C}} +
        a\,\frac{\mathbf{K}\mathbf{P}\mathbf{K}^\mathsf{T}}
        {\mathrm{tr}(\mathbf{P}\mathbf{K}^\mathsf{T}\mathbf{C}\mathbf{K})}

    with the head's kernel :math:`\mathbf{K}`, and :math:`\mathbf{P}` that removes the mean over the
    classes, which decides nothing. Both parts are one for a receiver that always guesses the mean.

    Parameters
    ----------
    kernel : [m, num_classes], `float`
        Weights of the receiver's linear head
    covariance : [m, m], `float`
        Covariance :math:`\mathbf{C}` of the receiver's latents
    share : `float`
        Share :math:`a` of the logits, in [0, 1]

    Output
    ------
    : [m, m], `float64`
        Metric, for :class:`LinearAligner`

    Raises
    ------
    ValueError
        If ``share`` is out of its range, or the receiver's latents or logits do not vary
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"`share` must lie in [0, 1]. Received: {share}")
    covariance = np.asarray(covariance, np.float64)
    centered = np.asarray(kernel, np.float64)
    centered = centered - centered.mean(1, keepdims=True)
    total, logits = np.trace(covariance), np.trace(centered.T @ covariance @ centered)
    if total <= 0 or (share > 0 and logits <= 0):
        raise ValueError("The receiver's latents, and what its head reads from them, must vary")
    if share == 0:
        return np.eye(len(covariance)) / total
    identity = np.eye(len(covariance)) / total
    return (1.0 - share) * identity + share / logits * centered @ centered.T
