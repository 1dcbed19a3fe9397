# SPDX-License-Identifier: Apache-2.0
"""Metric of the error at the receiver for its task."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def head_metric(
    kernel: ArrayLike, covariance: ArrayLike, share: float = 0.5
) -> NDArray[np.float64]:
    r"""Metric that combines the error of the latent with the error of the logits.

    .. math::

        \mathbf{M} = (1-a)\frac{\mathbf{I}}{\mathrm{tr}\,\mathbf{C}} +
        a\,\frac{\mathbf{K}\mathbf{P}\mathbf{K}^\mathsf{T}}
        {\mathrm{tr}(\mathbf{P}\mathbf{K}^\mathsf{T}\mathbf{C}\mathbf{K})}

    with the kernel :math:`\mathbf{K}` of the head. The projection :math:`\mathbf{P}` removes the
    mean over the classes, which does not affect the decision. Both terms are normalized to one for
    a receiver that always returns the mean.

    Parameters
    ----------
    kernel : [m, num_classes], `float`
        Weights of the receiver's linear head
    covariance : [m, m], `float`
        Covariance :math:`\mathbf{C}` of the receiver's latents
    share : `float`
        Weight :math:`a` of the logits, in [0, 1]

    Output
    ------
    : [m, m], `float64`
        Metric, for :class:`LinearAligner`

    Raises
    ------
    ValueError
        If ``share`` is out of range, or the receiver's latents or logits are constant
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
