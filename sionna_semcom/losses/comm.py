# SPDX-License-Identifier: Apache-2.0
r"""Contrastive losses of CoMM for all modalities together and for single modalities.

:math:`Z'` and :math:`Z''` are the embeddings of two augmentations of all modalities of a sample.
:math:`Z_i` is the embedding of modality :math:`i` alone. InfoNCE is a lower bound on the mutual
information

.. math:: I(Z'; Z'') \approx R + S + \sum_i U_i, \qquad I(Z_i; Z') \approx R + U_i,

with redundant (:math:`R`), unique (:math:`U_i`) and synergistic information (:math:`S`).

Source: B. Dufumier, J. Castillo Navarro, D. Tuia, J.-P. Thiran, "What to align in multimodal
contrastive learning?", ICLR 2025.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import keras
from keras import ops

from .centroid import info_nce, unit_norm


def symmetric_info_nce(
    first: keras.KerasTensor, second: keras.KerasTensor, temperature: float
) -> keras.KerasTensor:
    r"""Mean InfoNCE of both directions. Negatives are the other samples of the other view.

    .. math::
        -\frac{1}{2B}\sum_{j} \left(
        \log\frac{e^{s_{jj}/\tau}}{\sum_k e^{s_{jk}/\tau}} +
        \log\frac{e^{s_{jj}/\tau}}{\sum_k e^{s_{kj}/\tau}}\right),
        \qquad s_{jk} = \frac{\mathbf{z}_j^\top\mathbf{z}'_k}{\|\mathbf{z}_j\|\|\mathbf{z}'_k\|}

    Input
    -----
    first, second : [batch, dim], `float`
        Embeddings; rows with the same index form the matching pairs
    temperature : `float`
        :math:`\tau > 0`

    Output
    ------
    : [], `float`
        Loss in nats
    """
    similarities = ops.matmul(unit_norm(first), ops.transpose(unit_norm(second)))
    forward = info_nce(similarities, temperature)
    return 0.5 * (forward + info_nce(ops.transpose(similarities), temperature))


def nt_xent(
    first: keras.KerasTensor,
    second: keras.KerasTensor,
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    r"""NT-Xent: negatives are all other samples of both views.

    .. math::
        -\frac{1}{2B}\sum_{j=1}^{2B}
        \log\frac{e^{s_{j,j'}/\tau}}{\sum_{k\neq j} e^{s_{jk}/\tau}}

    where the sums run over the rows of both views, rows :math:`j` and :math:`j'` belong to the same
    sample, and :math:`s` are cosine similarities. Samples with the same meaning are not used as
    negatives of each other (``same_meaning`` of :func:`comm_terms`). Input and output as in
    :func:`symmetric_info_nce`.

    Source: T. Chen et al., "A Simple Framework for Contrastive Learning of Visual
    Representations", ICML 2020.
    """
    one, other = unit_norm(first), unit_norm(second)
    views, partners = ops.concatenate([one, other], 0), ops.concatenate([other, one], 0)
    batch = ops.shape(one)[0]
    # Columns are ordered by partner: matching pairs are on the diagonal, and the similarity of a
    # row with itself, which is excluded, is shifted by one batch
    excluded = ops.roll(ops.eye(2 * batch, dtype="bool"), batch, axis=1)
    if same_meaning is not None:
        excluded = ops.logical_or(excluded, ops.tile(same_meaning, (2, 2)))
    return info_nce(ops.matmul(views, ops.transpose(partners)), temperature, excluded)


def comm_terms(
    first: keras.KerasTensor,
    second: keras.KerasTensor,
    alone: Mapping[str, keras.KerasTensor],
    temperature: float,
    same_meaning: keras.KerasTensor | None = None,
) -> dict[str, keras.KerasTensor]:
    r"""Terms of the loss of CoMM, :math:`\mathcal{L} + \sum_i \mathcal{L}_i`.

    .. math::
        \mathcal{L} = \ell(Z', Z''), \qquad
        \mathcal{L}_i = \tfrac12\left(\ell(Z_i, Z') + \ell(Z_i, Z'')\right)

    with :func:`nt_xent` as :math:`\ell`.

    Input
    -----
    first, second : [batch, dim], `float`
        Embeddings :math:`Z'` and :math:`Z''` of two augmentations
    alone : `dict` of [batch, dim], `float`
        Embeddings :math:`Z_i` of single modalities
    temperature : `float`
        :math:`\tau > 0`
    same_meaning : `None` (none) | [batch, batch], `bool`
        Pairs of samples with the same meaning, which are not negatives of each other

    Output
    ------
    : `dict` of [], `float`
        ``redundant_unique_synergistic``: :math:`\mathcal{L}`; ``redundant_unique_<modality>``:
        :math:`\mathcal{L}_i`; in nats
    """
    arguments = (temperature, same_meaning)
    terms = {"redundant_unique_synergistic": nt_xent(first, second, *arguments)}
    for name, own in alone.items():
        pair = (nt_xent(own, view, *arguments) for view in (first, second))
        terms[f"redundant_unique_{name}"] = 0.5 * sum(pair)
    return terms


def cross_modal_terms(
    embeddings: Mapping[str, keras.KerasTensor], temperature: float
) -> dict[str, keras.KerasTensor]:
    """InfoNCE between all pairs of modalities in nats, as in CLIP. Captures redundant information.

    Input
    -----
    embeddings : `dict` of [batch, dim], `float`
        Embeddings of single modalities
    temperature : `float`
        Positive

    Output
    ------
    : `dict` of [], `float`
        ``redundant_<modality>_<modality>``

    Source: A. Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021.
    """
    return {
        f"redundant_{one}_{other}": symmetric_info_nce(
            embeddings[one], embeddings[other], temperature
        )
        for one, other in combinations(embeddings, 2)
    }
