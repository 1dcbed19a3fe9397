# SPDX-License-Identifier: Apache-2.0
"""What links that run over another link have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import keras
from pydantic import model_validator

from .base import LINKS, Link, LinkSettings

_Self = TypeVar("_Self", bound="WrappingSettings")


class WrappingSettings(LinkSettings):
    """Settings of links that run over another link."""

    link: Annotated[LinkSettings, LINKS]
    """The other link."""

    @model_validator(mode="after")
    def _check_wrapped(self: _Self) -> _Self:
        if not isinstance(self.link, LinkSettings):
            raise ValueError(
                f"`link` must report its noise. Received: the MIMO channel {self.link.kind!r}"
            )
        if "joint" not in self.link.transmitters:
            raise ValueError(
                f"`link` must take the symbols of one transmitter. Received: {self.link.kind!r}"
            )
        return self

    @property
    def learned(self) -> Any:
        """Settings of what is trained of the other link."""
        return self.link.learned

    @property
    def follows_training(self) -> bool:
        """Whether the other link is another one for each training seed."""
        return self.link.follows_training

    def of_training(self: _Self, seed: int) -> _Self:
        """These settings with those of the other link for the training seed ``seed``."""
        return self.model_copy(update={"link": self.link.of_training(seed)})

    @property
    def checksums(self) -> Mapping[str, str]:
        """Those of the other link."""
        return self.link.checksums

    @property
    def axes(self) -> tuple[str, ...]:
        """Those of the other link."""
        return self.link.axes


class WrappingLink(Link):
    """A link that runs over another link.

    Parameters
    ----------
    link : :class:`~sionna_semcom.link.Link` | `LinkSettings` | `dict`
        The other link, or its settings
    """

    def __init__(self, link: Link | LinkSettings | dict[str, Any], **settings: Any) -> None:
        given = link if isinstance(link, Link) else None
        super().__init__(link=link if given is None else given.settings, **settings)
        self.link: Link = given or LINKS.build(self.settings.link)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Build a link from what :meth:`get_config` gave: with the other link, or its settings."""
        link = config["link"]
        if "class_name" in link:
            link = keras.saving.deserialize_keras_object(link)
        return super().from_config({**config, "link": link})

    @property
    def checksums(self) -> Mapping[str, str]:
        """Those of the other link."""
        return dict(self.link.checksums)

    def calibrate(self) -> None:
        """Calibrate the other link."""
        self.link.calibrate()

    def snr_offset_db(self, axis: str) -> float:
        """That of the other link."""
        return self.link.snr_offset_db(axis)

    def ebno_offset_db(self, num_bits_per_symbol: int, coderate: float) -> float:
        """That of the other link, for one transmission over it."""
        return self.link.ebno_offset_db(num_bits_per_symbol, coderate)
