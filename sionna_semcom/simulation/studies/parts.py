# SPDX-License-Identifier: Apache-2.0
"""Parts of a study that are computed apart, and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .schema import CurveSettings

Values = dict[str, Any]
Summary = dict[str, float]


@dataclass(frozen=True)
class Part:
    """One trained model over one link, in one curve."""

    curve: CurveSettings
    model: str
    link: str
    seed: int

    @property
    def label(self) -> str:
        """What tells the part from others of its seed."""
        label = self.curve.label
        return f"{label}, {self.model} over {self.link}" if self.curve.lists else label

    @property
    def title(self) -> str:
        """What tells the part from all others."""
        return f"{self.label}, seed {self.seed}"


@dataclass(frozen=True)
class Trained:
    """A trained model: its digest, and the content of its file where others have no such file."""

    name: str
    seed: int
    digest: str
    content: bytes | None = None
