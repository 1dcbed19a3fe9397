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
    """Pairs of pictures with redundant, unique and synergistic parts; nothing to download."""

    modalities: ClassVar[tuple[str, ...]] = ("image_1", "image_2")

    kind: Literal["trifeature"] = "trifeature"
    question: Literal["unique", "synergy"] = "unique"
    """Which of the two sets: what is redundant and unique, or what is synergistic"""
    size: PositiveInt = 32
    """Pixels of a side"""
    num_train: PositiveInt = 10_000
    """Training pairs"""
    num_probing: PositiveInt = 10_000
    """Pairs on which probes of synergy are trained"""
    num_validation: PositiveInt = 2_000
    """Validation pairs"""
    num_test: PositiveInt = 4_096
    """Test pairs"""
    seed: NonNegativeInt = 0
    """Seed of the data"""
    cache: Path | None = None
    """Folder that keeps the pictures; nothing (null) is sionna_semcom in the folder for caches of
    the user (XDG_CACHE_HOME, or ~/.cache)"""

    def load(self, models: Any = None) -> Trifeature:
        """Draw the pictures, or read those that were drawn before."""
        usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sionna_semcom"
        options = self.model_dump(exclude={"kind", "cache"})
        return Trifeature(**options, cache=self.cache or usual)
