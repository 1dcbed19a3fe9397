# SPDX-License-Identifier: Apache-2.0
"""What a link with retransmissions can be, and why some combinations cannot."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..base import LINKS, LinkSettings
from ..ofdm.settings import OFDMSettings
from ..pusch.settings import PUSCHSettings
from ..wrapping import WrappingSettings

MAX_TIME_STEPS = 2**12  # OFDM symbols of a channel that is drawn from the first slot to the last
PERCENTILES = (5, 50)


class RetransmissionSettings(WrappingSettings):
    """Settings of `RetransmissionLink`; combinations that cannot work are refused."""

    kind: Literal["retransmission"] = "retransmission"
    """Selects this link in a study."""
    link: Annotated[LinkSettings, LINKS]
    """The link that carries each transmission."""
    num_transmissions: int = Field(default=2, ge=1, le=16)
    """Transmissions of a row."""
    sends: Literal["again", "parts"] = "again"
    """What a transmission carries: all symbols of the row `again`, which are combined by their
    ``no_eff``, or one of as many `parts` of the row, each of which adds to what arrived."""
    gap: int | None = Field(default=None, ge=1)
    """Slots from the start of one transmission to the start of the next, over which the channel of
    an OFDM link evolves at its `speed`; none: each transmission has an independent channel."""
    normalize: Literal["average", "slot"] | None = None
    """With `gap`, what has unit mean energy: the channel on `average`, the default, whose slots
    then fade as a whole, or every `slot`."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What is measured of the transmissions."""
        percentiles = (f"effective_snr_p{percent}" for percent in PERCENTILES)
        return ("transmissions", "spent_channel_uses", "effective_snr_mean", *percentiles)

    @property
    def slots(self) -> Any:
        """Settings of the slots of the link, none if it has no slots."""
        if isinstance(self.link, PUSCHSettings):
            return self.link.slots
        return self.link if isinstance(self.link, OFDMSettings) else None

    @model_validator(mode="after")
    def _check_link(self) -> RetransmissionSettings:
        if self.link.metric_names:
            raise ValueError(
                "`link` must carry the row alone, without bits, retransmissions or anything else "
                f"that is measured beside it. Received: {self.link.kind!r}"
            )
        return self

    @model_validator(mode="after")
    def _check_gap(self) -> RetransmissionSettings:
        if self.gap is None:
            if self.normalize is not None:
                raise ValueError(
                    "`normalize` goes with `gap`; without it the link normalizes its channel. "
                    f"Received: normalize={self.normalize!r}, gap=None"
                )
            return self
        if self.slots is None:
            raise ValueError(
                "`gap` needs a link over OFDM slots (ofdm, pusch), whose channel evolves. "
                f"Received: {self.link.kind!r}"
            )
        if self.slots.domain == "time":
            raise ValueError(
                "`gap` needs a link with `domain`='frequency', whose channel is drawn from slot to "
                "slot. Received: domain='time'"
            )
        if self.slots.csi == "delayed":
            raise ValueError(
                "`gap` needs a link that knows the channel of each slot. Received: csi='delayed'"
            )
        source = self.slots.channel
        still = "" if source is None or not source.kind else f"channel of kind {source.kind!r}"
        if isinstance(self.link, PUSCHSettings) and self.link.model == "flat":
            still = "model='flat'"
        if still:
            raise ValueError(
                f"`gap` needs a channel model that evolves from slot to slot. Received: {still}"
            )
        steps = ((self.num_transmissions - 1) * self.gap + 1) * self.slots.num_ofdm_symbols
        if steps > MAX_TIME_STEPS:
            raise ValueError(
                f"All transmissions must lie within {MAX_TIME_STEPS} OFDM symbols; without `gap` "
                f"channels are independent. Received: gap={self.gap}, which takes {steps}"
            )
        return self
