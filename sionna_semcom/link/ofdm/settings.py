# SPDX-License-Identifier: Apache-2.0
"""What an OFDM link can be, and why some combinations cannot."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from ...channel.slots.checks import check_age, check_estimation
from ...channel.slots.settings import SlotSettings
from ..estimation.settings import ReceiverSettings


class OFDMSettings(SlotSettings, ReceiverSettings):
    """Settings of `OFDMLink`; combinations that cannot work are refused with the reason."""

    kind: Literal["ofdm"] = "ofdm"
    """Selects this link in a study."""
    num_streams: int | None = Field(default=None, ge=1)
    """Spatial streams; as many as the smaller side has antennas if none are given."""
    precoding: Literal["none", "rzf", "svd"] = "none"
    """`none` feeds each stream to one antenna, `rzf` inverts the channel (one stream to each
    receive antenna), `svd` sends on the strongest eigenmodes with equal power. The transmitter
    knows the channel perfectly, or the old channel if `csi` is `delayed`."""
    precoding_granularity: Literal["element", "slot"] | None = None
    """A precoder for each resource element or one for the slot (`svd` only). By default `svd`
    uses one for the slot if the receiver has to interpolate the precoded channel."""

    csi: Literal["perfect", "ls", "delayed"] = "ls"
    """Channel knowledge of the receiver: the channel itself, its least-squares estimate from
    pilots, or the channel some OFDM symbols ago, from which precoders are computed as well."""
    csi_delay: int | None = Field(default=None, ge=1, le=2**12)
    """Age of the delayed channel [OFDM symbols]."""
    equalizer: Literal["lmmse", "zf", "mf"] = "lmmse"
    """MIMO equalizer."""

    packing: bool = True
    """Whether latents share slots when they all see the same noise power."""
    interleaver_seed: int = Field(0, ge=0)
    """Seed of the interleaver that spreads each latent over its slot."""

    @model_validator(mode="after")
    def _check_antennas(self) -> OFDMSettings:
        tx, rx, streams = self.num_tx_ant, self.num_rx_ant, self.streams
        if streams > min(tx, rx):
            raise ValueError(
                "`num_streams` must not exceed the antennas of either side. "
                f"Received: num_streams={streams}, num_tx_ant={tx}, num_rx_ant={rx}"
            )
        if self.precoding != "none" and tx == 1:
            raise ValueError(
                f"`precoding` needs at least two transmit antennas. Received: {self.precoding!r} "
                "with num_tx_ant=1"
            )
        if self.precoding == "rzf" and streams != rx:
            raise ValueError(
                "`precoding`='rzf' sends one stream to each receive antenna, so `num_streams` "
                f"must equal `num_rx_ant`. Received: num_streams={streams}, num_rx_ant={rx}"
            )
        if self.precoding_granularity == "slot" and self.precoding != "svd":
            raise ValueError(
                "`precoding_granularity`='slot' is for `precoding`='svd'. "
                f"Received: precoding={self.precoding!r}"
            )
        self._check_pilots("num_streams")
        return self

    @model_validator(mode="after")
    def _check_domain_parts(self) -> OFDMSettings:
        for name, given in (("estimator", self.learned), ("link_budget", self.link_budget)):
            if self.domain == "time" and given is not None:
                raise ValueError(
                    f"`{name}` is for `domain`='frequency'. Received: domain='time' with {name}"
                )
        return self

    @model_validator(mode="after")
    def _check_receiver(self) -> OFDMSettings:
        if self.csi == "ls" and self.granularity == "element" and self.precoding == "svd":
            raise ValueError(
                "Eigenmodes of neighboring resource elements have unrelated phases, so an "
                "estimate cannot be interpolated. Use `precoding_granularity`='slot' or "
                "`csi`='perfect'. Received: precoding_granularity='element', csi='ls'"
            )
        if self.csi == "ls" and self.precoding == "rzf":
            if self.interpolation == "lmmse":
                raise ValueError(
                    "`interpolation`='lmmse' assumes the statistics of the channel, which "
                    "`precoding`='rzf' changes. Use 'nn', 'lin' or 'lin_time_avg'"
                )
            if self.statistics == "known":
                raise ValueError(
                    "`statistics`='known' are those of the channel, which `precoding`='rzf' "
                    "changes. Use `statistics`='none'"
                )
        if self.csi == "ls":
            check_estimation(self)
        check_age(self)
        if self.csi == "delayed" and self.num_interferers:
            raise ValueError(
                "`link_budget.interferers` need a receiver that knows the slot itself. "
                f"Received: csi='delayed' with num={self.num_interferers}"
            )
        return self

    @property
    def streams(self) -> int:
        """Spatial streams, given or as many as the smaller side has antennas."""
        return self.num_streams or min(self.num_tx_ant, self.num_rx_ant)

    @property
    def array_gain_db(self) -> float:
        """What coherent combining can gain at most [dB]: receive antennas, and those precoded."""
        precoded = self.num_tx_ant if self.precoding != "none" else 1
        return super().array_gain_db + 10.0 * math.log10(precoded)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """What is measured of each slot: its SINR, where powers are known."""
        return () if self.link_budget is None else ("sinr_db",)

    @property
    def knows_statistics(self) -> bool:
        """Whether the receiver knows the covariance of what the streams see."""
        if self.statistics is None:
            return self.precoding != "rzf"
        return super().knows_statistics

    @property
    def granularity(self) -> Literal["element", "slot"]:
        """What one precoder serves."""
        if self.precoding_granularity is not None:
            return self.precoding_granularity
        return "slot" if self.precoding == "svd" and self.csi == "ls" else "element"
