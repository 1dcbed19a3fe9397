# SPDX-License-Identifier: Apache-2.0
"""Losses as pure functions of tensors."""

from .centroid import (
    c2m_loss,
    centroid,
    centroid_contrastive_loss,
    centroids_loss,
    m2c_loss,
    unit_norm,
)
from .comm import comm_terms, cross_modal_terms, nt_xent, symmetric_info_nce
from .redundancy import discriminator_bce, jsd_bound, redundancy_loss

__all__ = [
    "c2m_loss",
    "centroid",
    "centroid_contrastive_loss",
    "centroids_loss",
    "comm_terms",
    "cross_modal_terms",
    "discriminator_bce",
    "jsd_bound",
    "m2c_loss",
    "nt_xent",
    "redundancy_loss",
    "symmetric_info_nce",
    "unit_norm",
]
