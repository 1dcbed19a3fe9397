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

__all__ = [
    "c2m_loss",
    "centroid",
    "centroid_contrastive_loss",
    "centroids_loss",
    "m2c_loss",
    "unit_norm",
]
