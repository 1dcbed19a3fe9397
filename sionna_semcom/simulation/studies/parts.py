# SPDX-License-Identifier: Apache-2.0
"""Parts of a study that are computed separately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .schema import CurveSettings

Values = dict[str, Any]
Summary = dict[str, float]


@dataclass(frozen=True)
class Part:
    """Trained model over one link in one curve."""

    curve: CurveSettings
    model: str
    link: str
    seed: int

    @property
    def label(self) -> str:
        """Label that is unique among the parts of the same seed."""
        label = self.curve.label
        return f"{label}, {self.model} over {self.link}" if self.curve.lists else label

    @property
    def title(self) -> str:
        """Label that is unique among all parts."""
        return f"{self.label}, seed {self.seed}"


@dataclass(frozen=True)
class Trained:
    """Trained model: its digest, and the content of its file for processes without the file."""

    name: str
    seed: int
    digest: str
    content: bytes | None = None
