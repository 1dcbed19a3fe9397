# SPDX-License-Identifier: Apache-2.0
"""Retrieval between the embeddings of two modalities."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import tensorflow as tf

from .._scaling import in_range
from .floating import as_floating
from .undecidable import note_outputs


def recall_at_1(
    query: tf.Tensor,
    gallery: tf.Tensor,
    query_labels: tf.Tensor | None = None,
    gallery_labels: tf.Tensor | None = None,
) -> tf.Tensor:
    r"""Whether the gallery item with the highest similarity to a query is correct.

    .. math:: r_q = \left[\ell_q = \ell'_{g(q)}\right], \qquad g(q) = \arg\max_g
              \frac{\mathbf{q}_q\cdot\mathbf{g}_g}{\|\mathbf{q}_q\|\,\|\mathbf{g}_g\|}

    With labels, this is recall at class level. Without labels, it is recall at instance level, and
    only item :math:`q` is correct for query :math:`q`. In case of a tie, the first item counts.

    Input
    -----
    query : [num_queries, dim], `float`
        Embeddings of one modality
    gallery : [num_items, dim], `float`
        Embeddings of another
    query_labels : `None` (instance level) | [num_queries], `int`
        Classes of the queries
    gallery_labels : `None` (labels of the queries) | [num_items], `int`
        Classes of the items

    Output
    ------
    : [num_queries], `bool`
        Whether the item is correct; recall at 1 is the mean. `sim_metrics` raises
        FloatingPointError if embeddings are not finite

    Raises
    ------
    ValueError
        If the embeddings are not matrices of the same width, or labels do not match them
    """
    query, gallery = as_floating(query, gallery)
    if query.shape.rank != 2 or gallery.shape.rank != 2 or query.shape[1] != gallery.shape[1]:
        raise ValueError(
            "`query` and `gallery` must have shapes [num_queries, dim] and [num_items, dim]. "
            f"Received: {query.shape} and {gallery.shape}"
        )
    if query_labels is None:
        query_labels = tf.range(tf.shape(query)[0])
    if gallery_labels is None:
        gallery_labels = query_labels
    for name, labels, rows in (
        ("query_labels", query_labels, query),
        ("gallery_labels", gallery_labels, gallery),
    ):
        shape = tf.convert_to_tensor(labels).shape
        if not shape.is_compatible_with(rows.shape[:1]):
            raise ValueError(f"`{name}` must have shape {rows.shape[:1]}. Received: {shape}")
    note_outputs(query, gallery)
    query, gallery = (tf.math.l2_normalize(in_range(x), -1) for x in (query, gallery))
    cosine = tf.matmul(query, gallery, transpose_b=True)
    nearest = tf.argmax(cosine, axis=-1)
    query_labels, gallery_labels = map(tf.convert_to_tensor, (query_labels, gallery_labels))
    if query_labels.dtype != gallery_labels.dtype:
        query_labels, gallery_labels = (
            tf.cast(labels, tf.int64) for labels in (query_labels, gallery_labels)
        )
    return tf.equal(query_labels, tf.gather(gallery_labels, nearest))


def pairwise_recall_at_1(
    embeddings: Mapping[str, tf.Tensor], labels: tf.Tensor | None = None
) -> dict[str, tf.Tensor]:
    """`recall_at_1` for all ordered pairs of modalities.

    Input
    -----
    embeddings : `dict` of [num_samples, dim], `float`
        Embeddings of the same samples in each modality
    labels : `None` (instance level) | [num_samples], `int`
        Classes of the samples

    Output
    ------
    : `dict` of [num_samples], `bool`
        Whether the item is correct, under names such as ``image_to_audio``
    """
    return {
        f"{query}_to_{gallery}": recall_at_1(embeddings[query], embeddings[gallery], labels)
        for query, gallery in permutations(embeddings, 2)
    }
