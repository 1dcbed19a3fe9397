# SPDX-License-Identifier: Apache-2.0
"""What a study knows of a system before it is built."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from .._settings import Settings


class BaseSystemSettings(Settings):
    """Settings of any system; this one would neither transmit nor be measured."""

    crosses: ClassVar[Literal["link", "MIMO channel"] | None] = None

    kind: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Modalities that data must have."""
        return ()

    def metric_names(self, modalities: Iterable[str], judges: Iterable[str] = ()) -> list[str]:
        """Names of what the system measures on data with ``modalities``."""
        return []
