# SPDX-License-Identifier: Apache-2.0
"""Complete trainable semantic communication systems, one file a system."""

from .centroid import CentroidSystem
from .settings import CentroidSettings, SystemSettings

__all__ = ["CentroidSettings", "CentroidSystem", "SystemSettings"]
