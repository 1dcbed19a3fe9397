# SPDX-License-Identifier: Apache-2.0
"""Base classes of links that wrap another link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import keras
from pydantic import model_validator

from .base import LINKS, Link, LinkSettings

_Self = TypeVar("_Self", bound="WrappingSettings")


class WrappingSettings(LinkSettings):
    """Settings of links that wrap another link."""

    link: Annotated[LinkSettings, LINKS]
    """Wrapped link."""

    @model_validator(mode="after")
    def _check_wrapped(self: _Self) -> _Self:
        if not isinstance(self.link, LinkSettings):
            raise ValueError(
                "`link` must be a link with `no_eff`. "
                f"Received: the MIMO channel {self.link.kind!r}"
            )
        if "joint" not in self.link.transmitters:
            raise ValueError(
                f"`link` must accept the symbols of one transmitter. Received: {self.link.kind!r}"
            )
        return self

    @property
    def learned(self) -> Any:
        """Settings of the trained part of the wrapped link."""
        return self.link.learned

    @property
    def follows_training(self) -> bool:
        """Whether the wrapped link depends on the training seed."""
        return self.link.follows_training

    def of_training(self: _Self, seed: int) -> _Self:
        """Settings with the wrapped link of the training seed ``seed``."""
        return self.model_copy(update={"link": self.link.of_training(seed)})

    @property
    def checksums(self) -> Mapping[str, str]:
        """Checksums of the files of the wrapped link."""
        return self.link.checksums

    @property
    def axes(self) -> tuple[str, ...]:
        """Evaluation axes of the wrapped link."""
        return self.link.axes


class WrappingLink(Link):
    """Link that wraps another link.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        Wrapped link, or its settings
    """

    def __init__(self, link: Link | LinkSettings | dict[str, Any], **settings: Any) -> None:
        given = link if isinstance(link, Link) else None
        super().__init__(link=link if given is None else given.settings, **settings)
        self.link: Link = given or LINKS.build(self.settings.link)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a link from :meth:`get_config`, which contains the wrapped link or its settings."""
        link = config["link"]
        if "class_name" in link:
            link = keras.saving.deserialize_keras_object(link)
        return super().from_config({**config, "link": link})

    @property
    def checksums(self) -> Mapping[str, str]:
        """Checksums of the files of the wrapped link."""
        return dict(self.link.checksums)

    def calibrate(self) -> None:
        """Calibrate the wrapped link."""
        self.link.calibrate()

    def snr_offset_db(self, axis: str) -> float:
        """SNR offset of the wrapped link."""
        return self.link.snr_offset_db(axis)

    def ebno_offset_db(self, num_bits_per_symbol: int, coderate: float) -> float:
        """Offset of the wrapped link, for one transmission."""
        return self.link.ebno_offset_db(num_bits_per_symbol, coderate)
