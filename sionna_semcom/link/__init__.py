# SPDX-License-Identifier: Apache-2.0
"""Links: Sionna chains from symbols at the transmitter to equalised symbols at the receiver."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from .awgn import AWGNLink, AWGNSettings
from .base import Link
from .coded import CodedLink
from .effective import EffectiveAWGNLink, EffectiveAWGNSettings
from .flat_fading import FlatFadingLink, FlatFadingSettings
from .ofdm import OFDMLink, OFDMSettings

LinkSettings = Annotated[
    AWGNSettings | FlatFadingSettings | OFDMSettings | EffectiveAWGNSettings,
    Field(discriminator="kind"),
]
"""Settings of any link; ``kind`` says which."""

__all__ = [
    "AWGNLink",
    "AWGNSettings",
    "CodedLink",
    "EffectiveAWGNLink",
    "EffectiveAWGNSettings",
    "FlatFadingLink",
    "FlatFadingSettings",
    "Link",
    "LinkSettings",
    "OFDMLink",
    "OFDMSettings",
    "from_settings",
]


def from_settings(settings: LinkSettings | Mapping[str, Any]) -> Link:
    """Build the link that ``settings`` describe, such as ``{"kind": "awgn"}`` from a study.

    Raises
    ------
    pydantic.ValidationError
        (a `ValueError`) naming the field, the value and what would be accepted
    """
    return TypeAdapter(LinkSettings).validate_python(settings).build()
