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
from .redundancy import discriminator_bce, jsd_bound, redundancy_loss

__all__ = [
    "c2m_loss",
    "centroid",
    "centroid_contrastive_loss",
    "centroids_loss",
    "discriminator_bce",
    "jsd_bound",
    "m2c_loss",
    "redundancy_loss",
    "unit_norm",
]
