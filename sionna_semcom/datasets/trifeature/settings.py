# SPDX-License-Identifier: Apache-2.0
"""Settings of Trifeature."""

import os
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import NonNegativeInt, PositiveInt

from ..settings import DATASETS, DataSettings
from .trifeature import Trifeature


@DATASETS.declare
class TrifeatureData(DataSettings):
    """Generated pairs of images with redundant, unique and synergistic parts."""

    modalities: ClassVar[tuple[str, ...]] = ("image_1", "image_2")

    kind: Literal["trifeature"] = "trifeature"
    question: Literal["unique", "synergy"] = "unique"
    """Data set for redundant and unique information, or for synergistic information"""
    size: PositiveInt = 32
    """Number of pixels per side"""
    num_train: PositiveInt = 10_000
    """Number of training pairs"""
    num_probing: PositiveInt = 10_000
    """Number of pairs to train probes of synergy"""
    num_validation: PositiveInt = 2_000
    """Number of validation pairs"""
    num_test: PositiveInt = 4_096
    """Number of test pairs"""
    seed: NonNegativeInt = 0
    """Seed of the data"""
    cache: Path | None = None
    """Folder for the images; if null, sionna_semcom in the cache folder of the user
    (XDG_CACHE_HOME, or ~/.cache)"""

    def load(self, models: Any = None) -> Trifeature:
        """Draw the images, or read them from the cache."""
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sionna_semcom"
        options = self.model_dump(exclude={"kind", "cache"})
        return Trifeature(**options, cache=self.cache or usual)
