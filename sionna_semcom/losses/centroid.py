# SPDX-License-Identifier: Apache-2.0
r"""Centroids of multimodal embeddings and the corresponding contrastive losses.

Source: E. Grassucci, G. Cicchetti, D. Comminiello, "Contrastive Learning Enables Low-Bandwidth
Semantic Communication", AAAI workshops 2025, equations (1) to (7). :math:`\mathbf{m}_{ij}` is the
unit-norm embedding of sample :math:`j` in modality :math:`i`, :math:`\mathbf{c}_j` the centroid.

Two published equations are corrected. The denominators of equations (4) and (5) sum the *matching*
pair over :math:`k`, so there is no contrast. Here, the sums run over the centroids and embeddings
of all samples, as in InfoNCE. Centroids always have unit norm, not only in (6).
"""

from __future__ import annotations

import keras
from keras import ops

_NORM_FLOOR = 1e-12


def unit_norm(x: keras.KerasTensor) -> keras.KerasTensor:
    """Scale the last axis of ``x`` to unit norm. Zero vectors remain zero.

    Norms are computed in at least `float32`.

    Input
    -----
    x : [..., dim], `float`
        Vectors

    Output
    ------
    : [..., dim], `float`
        Vectors of unit norm
    """
    dtype = keras.backend.standardize_dtype(x.dtype)
    wide = ops.cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    power = ops.sum(ops.square(wide), axis=-1, keepdims=True)
    return ops.cast(wide * ops.rsqrt(ops.maximum(power, _NORM_FLOOR)), dtype)


def centroid(
    embeddings: keras.KerasTensor, present: keras.KerasTensor | None = None
) -> keras.KerasTensor:
    r"""Centroids of the embeddings of each sample, on the unit sphere.

    .. math:: \mathbf{c}_j = \frac{\sum_i p_{ij}\mathbf{m}_{ij}}{\|\sum_i p_{ij}\mathbf{m}_{ij}\|}

    Equation (3), normalized, with :math:`p_{ij}=0` where modality :math:`i` is missing.

    Input
    -----
    embeddings : [num_modalities, batch, latent_dim], `float`
        Unit-norm embeddings
    present : `None` (all, default) | [num_modalities, batch], `float`
        One if a modality is present, zero if it is missing

    Output
    ------
    : [batch, latent_dim], `float`
        Centroids of unit norm, or zero if no modality is present
    """
    if present is not None:
        embeddings = embeddings * ops.expand_dims(present, -1)
    return unit_norm(ops.sum(embeddings, axis=0))


def m2c_loss(
    embeddings: keras.KerasTensor,
    centroids: keras.KerasTensor,
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    r"""Modality-to-centroid loss: identifies the centroid of an embedding within the batch.

    .. math::
        \mathcal{L}_\text{M2C} = -\frac{1}{B}\sum_{i=1}^{N}\sum_{j=1}^{B} \log
        \frac{\exp(\mathbf{m}_{ij}^\top\mathbf{c}_j/\tau)}
        {\sum_{k}\exp(\mathbf{m}_{ij}^\top\mathbf{c}_k/\tau)}

    Equation (4), corrected: the denominator is a sum over all centroids :math:`\mathbf{c}_k`.

    Input
    -----
    embeddings : [num_modalities, batch, latent_dim], `float`
        Unit-norm embeddings
    centroids : [batch, latent_dim], `float`
        Unit-norm centroids
    temperature : `float`
        :math:`\tau > 0`
    same_meaning : `None` (default) | [batch, batch], `bool`
        Pairs of samples with the same meaning, which are not used as negatives

    Output
    ------
    : [], `float`
        Loss in nats, summed over modalities and averaged over the batch
    """
    return ops.sum(info_nce(_similarities(embeddings, centroids), temperature, same_meaning))


def c2m_loss(
    embeddings: keras.KerasTensor,
    centroids: keras.KerasTensor,
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    r"""Centroid-to-modality loss: identifies the embedding of a centroid in each modality.

    .. math::
        \mathcal{L}_\text{C2M} = -\frac{1}{B}\sum_{i=1}^{N}\sum_{j=1}^{B} \log
        \frac{\exp(\mathbf{c}_j^\top\mathbf{m}_{ij}/\tau)}
        {\sum_{k}\exp(\mathbf{c}_j^\top\mathbf{m}_{ik}/\tau)}

    Equation (5), corrected: the denominator is a sum over all embeddings :math:`\mathbf{m}_{ik}`.
    Inputs and output as in :func:`m2c_loss`.
    """
    similarities = ops.swapaxes(_similarities(embeddings, centroids), -1, -2)
    return ops.sum(info_nce(similarities, temperature, same_meaning))


def centroids_loss(
    centroids: keras.KerasTensor,
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    r"""Loss that separates the centroids of different samples on the sphere.

    .. math::
        \mathcal{L}_\text{Centroids} = -\frac{1}{B}\sum_{j=1}^{B} \log
        \frac{\exp(\mathbf{c}_j^\top\mathbf{c}_j/\tau)}
        {\sum_{k}\exp(\mathbf{c}_j^\top\mathbf{c}_k/\tau)}

    Equation (6). Inputs and output as in :func:`m2c_loss`.
    """
    similarities = ops.matmul(centroids, ops.transpose(centroids))
    return info_nce(similarities, temperature, same_meaning)


def centroid_contrastive_loss(
    embeddings: keras.KerasTensor,
    centroids: keras.KerasTensor,
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    r"""Complete contrastive loss.

    .. math::
        \mathcal{L}_\text{CL} = \tfrac12(\mathcal{L}_\text{M2C} + \mathcal{L}_\text{C2M})
        + \mathcal{L}_\text{Centroids}

    Equation (7). Inputs and output as in :func:`m2c_loss`.
    """
    arguments = (temperature, same_meaning)
    aligned = m2c_loss(embeddings, centroids, *arguments)
    aligned += c2m_loss(embeddings, centroids, *arguments)
    return 0.5 * aligned + centroids_loss(centroids, *arguments)


def _similarities(embeddings: keras.KerasTensor, centroids: keras.KerasTensor) -> keras.KerasTensor:
    """Inner products [num_modalities, batch (embedding), batch (centroid)]."""
    return ops.matmul(embeddings, ops.transpose(centroids))


def info_nce(
    similarities: keras.KerasTensor,
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """InfoNCE of [..., batch, batch] similarities with the matching pairs on the diagonal."""
    logits = similarities / temperature
    matching = ops.diagonal(logits, axis1=-2, axis2=-1)
    if same_meaning is not None:
        identity = ops.eye(ops.shape(logits)[-1], dtype="bool")
        excluded = ops.logical_and(same_meaning, ops.logical_not(identity))
        logits = ops.where(excluded, -1e9, logits)
    return ops.mean(ops.logsumexp(logits, axis=-1) - matching, axis=-1)
