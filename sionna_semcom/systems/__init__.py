# SPDX-License-Identifier: Apache-2.0
"""Complete trainable semantic communication systems, one file a system."""

from .centroid import CentroidSystem, Mode
from .classifier import Classifier
from .settings import CentroidSettings, ClassifierSettings, SystemSettings

__all__ = [
    "CentroidSettings",
    "CentroidSystem",
    "Classifier",
    "ClassifierSettings",
    "Mode",
    "SystemSettings",
]
