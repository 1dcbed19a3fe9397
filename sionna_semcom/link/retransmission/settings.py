# SPDX-License-Identifier: Apache-2.0
"""Settings of links with retransmissions, with checks of their combinations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..base import LINKS, LinkSettings
from ..ofdm.settings import OFDMSettings
from ..pusch.settings import PUSCHSettings
from ..wrapping import WrappingSettings

MAX_TIME_STEPS = 2**12  # OFDM symbols from the first to the last slot
PERCENTILES = (5, 50)


class RetransmissionSettings(WrappingSettings):
    """Settings of `RetransmissionLink`; invalid combinations raise an error."""

    kind: Literal["retransmission"] = "retransmission"
    """Selects this link in a study."""
    link: Annotated[LinkSettings, LINKS]
    """Link that carries each transmission."""
    num_transmissions: int = Field(default=2, ge=1, le=16)
    """Number of transmissions of a row."""
    sends: Literal["again", "parts"] = "again"
    """Content of each transmission: `again` sends all symbols of the row, and the receiver combines
    them with their ``no_eff``; `parts` sends a different part of the row each time."""
    gap: int | None = Field(default=None, ge=1)
    """Slots from the start of one transmission to the start of the next. The channel of an OFDM
    link evolves over this time at its `speed`. By default (null) the channels of the transmissions
    are independent."""
    normalize: Literal["average", "slot"] | None = None
    """Normalization to unit mean energy with `gap`: of the channel on `average`, so that the energy
    of slots fades, or of every `slot`. By default (null) `average`."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Metrics of the transmissions."""
        percentiles = (f"effective_snr_p{percent}" for percent in PERCENTILES)
        return ("transmissions", "spent_channel_uses", "effective_snr_mean", *percentiles)

    @property
    def slots(self) -> Any:
        """Settings of the slots of the link, `None` if it has no slots."""
        if isinstance(self.link, PUSCHSettings):
            return self.link.slots
        return self.link if isinstance(self.link, OFDMSettings) else None

    @model_validator(mode="after")
    def _check_link(self) -> RetransmissionSettings:
        if self.link.metric_names:
            raise ValueError(
                "`link` must have no metrics of its own, such as those of bits, retransmissions "
                f"or a link budget. Received: {self.link.kind!r}"
            )
        return self

    @model_validator(mode="after")
    def _check_gap(self) -> RetransmissionSettings:
        if self.gap is None:
            if self.normalize is not None:
                raise ValueError(
                    "`normalize` requires `gap`; without it the link normalizes its channel. "
                    f"Received: normalize={self.normalize!r}, gap=None"
                )
            return self
        if self.slots is None:
            raise ValueError(
                "`gap` requires a link with OFDM slots (ofdm, pusch), whose channel evolves. "
                f"Received: {self.link.kind!r}"
            )
        if self.slots.domain == "time":
            raise ValueError(
                "`gap` requires `domain`='frequency' of the link, whose channel is drawn from slot "
                "to slot. Received: domain='time'"
            )
        if self.slots.csi == "delayed":
            raise ValueError(
                "`gap` requires a receiver that knows the channel of each slot. "
                "Received: csi='delayed'"
            )
        source = self.slots.channel
        still = "" if source is None or not source.kind else f"channel of kind {source.kind!r}"
        if isinstance(self.link, PUSCHSettings) and self.link.model == "flat":
            still = "model='flat'"
        if still:
            raise ValueError(
                f"`gap` requires a channel model that evolves from slot to slot. Received: {still}"
            )
        steps = ((self.num_transmissions - 1) * self.gap + 1) * self.slots.num_ofdm_symbols
        if steps > MAX_TIME_STEPS:
            raise ValueError(
                f"All transmissions must take at most {MAX_TIME_STEPS} OFDM symbols; without `gap` "
                f"channels are independent. Received: gap={self.gap}, which needs {steps}"
            )
        return self
