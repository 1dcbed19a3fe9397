# SPDX-License-Identifier: Apache-2.0
"""Links: Sionna chains from symbols at the transmitter to equalised symbols at the receiver.

MIMO channels hand out their matrices instead, for alignment.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from ..channel import (
    ChannelState,
    FlatMIMOChannel,
    FlatMIMOSettings,
    MIMOChannel,
    MIMOSettings,
    OFDMMIMOChannel,
    OFDMMIMOSettings,
)
from .awgn import AWGNLink, AWGNSettings
from .base import Link
from .coded import CodedLink
from .effective import EffectiveAWGNLink, EffectiveAWGNSettings
from .flat_fading import FlatFadingLink, FlatFadingSettings
from .ofdm import OFDMLink, OFDMSettings

LinkSettings = Annotated[
    AWGNSettings
    | FlatFadingSettings
    | OFDMSettings
    | EffectiveAWGNSettings
    | FlatMIMOSettings
    | OFDMMIMOSettings,
    Field(discriminator="kind"),
]
"""Settings of any link or MIMO channel; ``kind`` says which."""

__all__ = [
    "AWGNLink",
    "AWGNSettings",
    "ChannelState",
    "CodedLink",
    "EffectiveAWGNLink",
    "EffectiveAWGNSettings",
    "FlatFadingLink",
    "FlatFadingSettings",
    "FlatMIMOChannel",
    "FlatMIMOSettings",
    "Link",
    "LinkSettings",
    "MIMOChannel",
    "MIMOSettings",
    "OFDMLink",
    "OFDMMIMOChannel",
    "OFDMMIMOSettings",
    "OFDMSettings",
    "from_settings",
]


def from_settings(settings: LinkSettings | Mapping[str, Any], seed: int = 0) -> Link | MIMOChannel:
    """Build the link or MIMO channel that ``settings`` describe, such as ``{"kind": "awgn"}``.

    ``seed`` is that of the training that it is for; fixed channels may follow it.

    Raises
    ------
    pydantic.ValidationError
        (a `ValueError`) naming the field, the value and what would be accepted
    """
    chosen = TypeAdapter(LinkSettings).validate_python(settings)
    if isinstance(chosen, MIMOSettings):
        chosen = chosen.of_training(seed)
    return chosen.build()
